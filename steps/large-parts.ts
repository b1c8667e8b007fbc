import pLimit from 'p-limit'

/** Each holds some tens of megabytes, and a worker's heap is to have room for them beside everything else. */
const AT_ONCE = 3

/** Parts of chunks that hold much text: a process works on few of them at once, however many chunks it works on. */
export class LargeParts {
  readonly #limit = pLimit(AT_ONCE)

  /** Resolves with what ends it once there is a place, in the order of asking. Rejects with the reason of the signal. */
  enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason as Error)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      void this.#limit(() => {
        signal.removeEventListener('abort', onAbort)
        return signal.aborted ? Promise.resolve() : new Promise<void>((leave) => resolve(leave))
      })
    })
  }
}
