import { setTimeout as wait } from 'node:timers/promises'
import { signalTree } from './tree.ts'

/** A process while it runs. */
export interface Running {
  pid: number
  /** Resolves when it does its work; rejects if it ends first. */
  ready: Promise<unknown>
  ended: Promise<unknown>
  /** What it said last. */
  words: () => string
}

const AGAIN_MS = 500
const LAST_WORDS = 3_000

/** A process that is killed, stopped and started again, as by an operator; one that ends by itself is started again, too. */
export class Part {
  readonly name: string
  readonly #launch: () => Promise<Running>
  /** Each time it ended and nobody had killed it. */
  readonly ended: string[] = []
  /** Ends by itself are none of Belay's doing. */
  excused = false
  #running: Running | undefined
  #ready: Promise<unknown> = Promise.resolve()
  #down = true

  constructor(name: string, launch: () => Promise<Running>) {
    this.name = name
    this.#launch = launch
  }

  /** Starts it; `ready` says when it works. */
  start(): void {
    this.#down = false
    this.#ready = this.#keep()
    this.#ready.catch(() => undefined)
  }

  /** Resolves when it does its work, for the first time since its last start. */
  ready(): Promise<unknown> {
    return this.#ready
  }

  /** SIGKILL to it and to all that it started; resolves when it has ended. */
  async kill(): Promise<void> {
    this.#down = true
    const running = this.#running
    if (running === undefined) return
    signalTree(running.pid, 'SIGKILL')
    await running.ended
  }

  /** What it said last; empty while it does not run. */
  words(): string {
    return this.#running?.words().slice(-LAST_WORDS) ?? ''
  }

  /** It stands still. */
  pause(): void {
    if (this.#running !== undefined) signalTree(this.#running.pid, 'SIGSTOP')
  }

  goOn(): void {
    if (this.#running !== undefined) signalTree(this.#running.pid, 'SIGCONT')
  }

  async #keep(): Promise<void> {
    for (;;) {
      const running = await this.#launch().catch((error: unknown) => error as Error)
      if (running instanceof Error) {
        if (!this.excused && !this.#isDown()) this.ended.push(`${this.name}: ${running.message.slice(-LAST_WORDS)}`)
      } else {
        this.#running = running
        if (this.#isDown()) signalTree(running.pid, 'SIGKILL')
        const isUp = await running.ready.then(
          () => true,
          () => false,
        )
        if (isUp) {
          void running.ended.then(() => this.#gone(running))
          return
        }
        await running.ended
        if (!this.excused && !this.#isDown()) this.ended.push(this.#wordsOf(running))
      }
      this.#running = undefined
      if (this.#isDown()) return
      await wait(AGAIN_MS)
    }
  }

  #gone(running: Running): void {
    if (this.#running === running) this.#running = undefined
    if (this.#isDown()) return
    if (!this.excused) this.ended.push(this.#wordsOf(running))
    this.start()
  }

  /** Asked anew after each wait. */
  #isDown(): boolean {
    return this.#down
  }

  #wordsOf(running: Running): string {
    return `${this.name} ended by itself: ${running.words().slice(-LAST_WORDS)}`
  }
}
