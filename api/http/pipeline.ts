import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Of one connection. Answers go out in the order of the requests: one that is not read keeps the places of all behind it. */
const MOST_AT_ONCE = 16

/** Also whether Node itself does not read at the moment, since too much that was answered waits to be sent. */
type HttpSocket = Duplex & { _paused?: boolean }

const ignore = () => undefined
const pipelines = new WeakMap<Duplex, Pipeline>()

/**
 * The requests of one connection that are not answered yet, in their order. So many of them are worked for at once; further
 * ones are held, and no more are read, until those before them are answered. None is dropped while the connection lasts.
 */
export class Pipeline {
  readonly #socket: HttpSocket
  readonly #open = new Set<ServerResponse>()
  readonly #held: (() => void)[] = []
  #after: (() => void) | undefined
  /** Node has let go of the connection: what came now would be lost. */
  #isLetGo = false

  static of(socket: Duplex): Pipeline {
    const pipeline = pipelines.get(socket) ?? new Pipeline(socket)
    pipelines.set(socket, pipeline)
    return pipeline
  }

  private constructor(socket: Duplex) {
    this.#socket = socket
    // Whoever reads a body resumes its connection.
    socket.on('resume', () => {
      if (this.#held.length > 0 || this.#isLetGo) socket.pause()
    })
    // Node says `close` to the response whose turn it is alone: those behind it would count as under way for ever. After Node,
    // so that none is told twice.
    socket.once('close', () => process.nextTick(() => this.#open.forEach((response) => response.emit('close'))))
  }

  get isAnswered(): boolean {
    return this.#open.size === 0
  }

  /** The last one, if it is still being received. */
  get incomplete(): ServerResponse | undefined {
    return [...this.#open].find(({ req }) => !req.complete)
  }

  /** Calls `work` now or in its turn; never, where the connection ends before. */
  enter(response: ServerResponse, work: () => void): void {
    this.#open.add(response)
    response.once('close', () => {
      this.#open.delete(response)
      // Its place has been given back by then.
      process.nextTick(() => this.#goOn())
    })
    if (this.#held.length === 0 && this.#open.size <= MOST_AT_ONCE) {
      work()
      return
    }
    this.#held.push(work)
    this.#socket.pause()
  }

  /**
   * Calls `go` once all is answered but what is still being received and has no answer yet; at once, where that is so, and
   * never, where the connection ends before. What is asked while it waits for another `go` is dropped.
   */
  afterAnswers(go: () => void): void {
    if (this.#after !== undefined) return
    this.#after = go
    this.#goOn()
  }

  /** As `afterAnswers`, for a connection that Node has let go of: nothing that comes on it meanwhile is lost. */
  takeOver(go: () => void): void {
    const socket = this.#socket
    const end = () => socket.destroy()
    socket.on('error', ignore).on('timeout', end)
    this.#isLetGo = true
    this.afterAnswers(() => {
      this.#isLetGo = false
      go()
      socket.off('error', ignore).off('timeout', end)
    })
  }

  #goOn(): void {
    if (this.#socket.destroyed) return
    const wasHolding = this.#held.length > 0
    while (this.#held.length > 0 && this.#open.size - this.#held.length < MOST_AT_ONCE) this.#held.shift()!()
    if (wasHolding && this.#held.length === 0 && !this.#isLetGo && this.#socket._paused !== true) this.#socket.resume()
    const after = this.#after
    if (after === undefined) return
    for (const { req, headersSent } of this.#open) if (req.complete || headersSent) return
    this.#after = undefined
    after()
  }
}
