import { z } from 'zod'
import { NoAnswer, type HttpAnswer, type HttpCall, type HttpClient } from '../channels/http-client.ts'
import { toldWithin } from '../settings/told-within.ts'

const answer = z.strictObject({
  status: z.int().min(100).max(599).default(200),
  body: z.json().default(null),
  /** Instead of both: nobody answers. */
  no_answer: z.boolean().default(false),
})

/** By the ref of a fetch: its answer, or one for each try of a recipient's run, of which the last goes on. */
export const answersFile = z.record(z.string(), toldWithin(z.union([answer, z.array(answer).min(1)])))
export type Answers = z.output<typeof answersFile>

/** What a rehearsal says of a request that it did not make. */
export const NOT_MADE = 'not made: give its answer by --fetch, or allow it by --allow-fetch'

/**
 * Answers the requests of fetches: as a file says, or over the network where that is allowed; else as if the far side had
 * answered with nothing. `told` hears of each request what was done about it.
 */
export class Fetches {
  readonly #answers: Answers
  readonly #network: Pick<HttpClient, 'request'> | null
  readonly #tries = new Map<string, number>()
  readonly #told: (ref: string, request: string, made: string | null) => void

  constructor(
    answers: Answers,
    network: Pick<HttpClient, 'request'> | null,
    told: (ref: string, request: string, made: string | null) => void,
  ) {
    this.#answers = answers
    this.#network = network
    this.#told = told
  }

  /** `id` ends with the ref of the step; headers are the author's, who may set any. */
  async request({ id, ...call }: HttpCall & { id: string }): Promise<HttpAnswer> {
    const ref = id.split('/').at(-1)!
    const request = `${call.method} ${call.url.href}`
    const given = this.#answers[ref]
    if (given === undefined && this.#network !== null) {
      this.#told(ref, request, 'over the network')
      return this.#network.request(call)
    }
    this.#told(ref, request, given === undefined ? null : 'by --fetch')
    if (given === undefined) return answered(204, '')
    const tries = this.#tries.get(id) ?? 0
    this.#tries.set(id, tries + 1)
    const {
      status,
      body,
      no_answer: isSilent,
    } = Array.isArray(given) ? given[Math.min(tries, given.length - 1)]! : given
    if (isSilent) throw new NoAnswer('no answer came', true)
    return answered(status, body === null ? '' : JSON.stringify(body))
  }
}

function answered(status: number, body: string): HttpAnswer {
  return { status, headers: {}, body, isWhole: true, isUtf8: true, retryAfterMs: undefined }
}
