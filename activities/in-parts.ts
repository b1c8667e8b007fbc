import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { StoreError } from '../store/postgres/store-error.ts'

/** Data and rendered text of one part, in memory and in one statement: others of this process are served in between. */
const PART_BYTES = 8_000_000
/** What a recipient's message takes besides the trigger's data. */
const BASE_BYTES = 4_000

/** Cuts what is to be worked on so that no part holds more than some eight megabytes; at least one each. */
export function partsOf<Item>(items: readonly Item[], bytesOf: (item: Item) => number, most: number): Item[][] {
  const parts: Item[][] = []
  let bytes = Infinity
  for (const item of items) {
    const size = BASE_BYTES + bytesOf(item)
    const open = parts.at(-1)
    if (open === undefined || open.length === most || bytes + size > PART_BYTES) {
      parts.push([item])
      bytes = size
    } else {
      open.push(item)
      bytes += size
    }
  }
  return parts
}

/**
 * Works through a part; one that fails for a reason that never passes is halved, down to the item at fault, which
 * `endVisibly` is handed. Any other error is thrown: the activity is tried again.
 */
export async function workThrough<Item>(
  part: readonly Item[],
  work: (part: readonly Item[]) => Promise<void>,
  endVisibly: (item: Item, error: unknown) => Promise<void>,
): Promise<void> {
  try {
    await work(part)
  } catch (error) {
    if (!neverPasses(error)) throw error
    if (part.length === 1) return endVisibly(part[0]!, error)
    const half = Math.ceil(part.length / 2)
    await workThrough(part.slice(0, half), work, endVisibly)
    await workThrough(part.slice(half), work, endVisibly)
  }
  await yieldToOthers()
}

/** What the store refuses for good, text that no string can hold, and faults of the program. */
export function neverPasses(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof StoreError) return cause.fault === 'refused' || cause.fault === 'failed'
    if (cause instanceof RangeError || cause instanceof TypeError || cause instanceof ReferenceError) return true
  }
  return false
}
