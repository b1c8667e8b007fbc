import type { Request, RequestHandler, Response } from 'express'
import { refusedForLoad } from '../../metrics/counted.ts'
import type { EngineDeps } from '../../engine/deps.ts'
import { ApiError } from './errors.ts'
import { isOver } from './in-pipeline.ts'
import type { BodyLimits } from './read-body.ts'
import { WorkAges } from './work-ages.ts'

interface Load {
  requests: number
  bytes: number
}

const MB = 1_024 * 1_024
/**
 * What may be under way in one process: more would only wait, and be answered when nobody listens any more. Bodies are
 * parsed to several times their size.
 */
const MOST: Load = { requests: 256, bytes: 48 * MB }
/** Of that, what bodies of triggers and bulk calls may take: the rest stays open for cancels and reads. */
const MOST_LARGE: Load = { requests: 192, bytes: 40 * MB }
/** And what may be under way of those who bring no key: links in messages, reports of providers. */
const MOST_KEYLESS: Load = { requests: 64, bytes: 8 * MB }

/** While so many requests have waited for longer than this for their work to end, no more of a kind are taken in. */
const LONG_MS = 5_000
const MOST_LONG: Record<Kind, number> = { plain: 64, large: 32, keyless: 32 }

/** `large`: takes bodies of 20 MB. `keyless`: whoever calls has not been asked for a key. */
type Kind = 'plain' | 'large' | 'keyless'
type Asked = [request: Request, response: Response, limits: Pick<BodyLimits, 'bytes'> | null, kind: Kind]

/**
 * Bounds the requests under way, the bytes of their bodies, and by these how long the next one would wait; what is too much
 * is answered `overloaded` at once.
 */
export class Admission {
  readonly #all: Load = { requests: 0, bytes: 0 }
  readonly #large: Load = { requests: 0, bytes: 0 }
  readonly #keyless: Load = { requests: 0, bytes: 0 }
  readonly #ages: WorkAges

  /** `now`: monotonic milliseconds. */
  constructor(now = () => performance.now()) {
    this.#ages = new WorkAges(now)
  }

  /**
   * Takes a request in until its response is closed and `done()` was called. Throws `overloaded`, and counts a refusal,
   * where there is no room for it; its body has not been read by then.
   */
  enter(...asked: Asked): Admitted {
    const admitted = this.tryEnter(...asked)
    if (admitted !== null) return admitted
    refusedForLoad.inc()
    throw new ApiError('overloaded', { retryAfter: 1 + Math.floor(Math.random() * 5) })
  }

  /** As `enter`, for what is answered all the same where there is no room: null then, and no refusal is counted. */
  tryEnter(...[request, response, limits, kind]: Asked): Admitted | null {
    const bytes = limits === null ? 0 : expectedBytes(request, limits.bytes)
    const loads: [Load, Load][] = [[this.#all, MOST]]
    if (kind === 'large') loads.push([this.#large, MOST_LARGE])
    if (kind === 'keyless') loads.push([this.#keyless, MOST_KEYLESS])
    const isFull = loads.some(([now, most]) => now.requests >= most.requests || now.bytes + bytes > most.bytes)
    if (isFull || this.#ages.countOlder(LONG_MS) >= MOST_LONG[kind]) return null
    for (const [now] of loads) {
      now.requests += 1
      now.bytes += bytes
    }
    return new Admitted(response, { loads: loads.map(([now]) => now), bytes, ages: this.#ages })
  }
}

/** For what is asked without a key: takes a request in until it is answered, with a body of at most `bytes`. */
export function admitKeyless(admission: Admission, bytes: number | null): RequestHandler {
  return (request, response, next) => {
    admission.enter(request, response, bytes === null ? null : { bytes }, 'keyless').done()
    next()
  }
}

interface Taken {
  /** In which it counts. */
  loads: Load[]
  bytes: number
  ages: WorkAges
}

/** A request that is under way. */
class Admitted {
  readonly #response: Response
  readonly #taken: Taken

  constructor(response: Response, taken: Taken) {
    this.#response = response
    this.#taken = taken
  }

  /** Its body is read, and of this size: from now on it waits for its work, no longer for its caller. */
  begin(bytes: number): void {
    for (const load of this.#taken.loads) load.bytes += bytes - this.#taken.bytes
    this.#taken.bytes = bytes
    this.#taken.ages.begin(this)
  }

  /**
   * `mutex`, for the work of this request: the time for which it waits there for calls under the same key does not count as
   * waiting, so that one busy key refuses nobody else.
   */
  notWaitingIn(mutex: EngineDeps['mutex']): EngineDeps['mutex'] {
    return {
      run: (key, work) => {
        const goOn = this.#taken.ages.pause(this)
        return mutex.run(key, () => {
          goOn()
          return work()
        })
      },
    }
  }

  /** The work is done; a response that its reader takes slowly still counts, but not as waiting. */
  done(): void {
    const { loads, bytes, ages } = this.#taken
    ages.end(this)
    const leave = () => {
      for (const load of loads) {
        load.requests -= 1
        load.bytes -= bytes
      }
    }
    if (isOver(this.#response)) leave()
    else this.#response.once('close', leave)
  }
}

/** As announced; what is not, or is compressed, may become as large as is taken. */
function expectedBytes(request: Request, most: number): number {
  const encoding = request.get('content-encoding') ?? 'identity'
  const length = request.get('content-length')
  if (length === undefined) return request.get('transfer-encoding') === undefined ? 0 : most
  return encoding === 'identity' ? Math.min(Number(length), most) : most
}
