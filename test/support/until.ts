import { setTimeout as wait } from 'node:timers/promises'

const LOOK_MS = 40

/** Looks until there is something to see, and answers it. Only what is broken reaches the deadline. */
export async function until<Seen>(
  what: string,
  look: () => Promise<Seen | null | undefined | false> | Seen | null | undefined | false,
  withinMs = 20_000,
): Promise<Seen> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== null && seen !== false) return seen
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await wait(LOOK_MS)
  }
}
