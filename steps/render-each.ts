import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { SOURCE } from '../templates/scope.ts'
import type { Walk } from './kind.ts'
import { LoadedEntities } from './loaded-entities.ts'
import type { Room } from './room.ts'

/** Rounds of loading: a template may ask for a project of a user that it asked for. */
const ROUNDS = 4
/** Beyond, a chunk is rendered in small parts. */
const MOST_AT_ONCE = 2_000
const PART = 20
/** After so long others of this process are served, its heartbeats among them. */
const AT_ONCE_MS = 20

/**
 * Renders for each walk, in their order. What the loaders ask for is loaded for all of them together, and those that asked
 * are rendered again: so `render` may come several times for a walk, and changes nothing; what it throws the last time is
 * thrown on. The walks are of one chunk. Throws a NoRoomError where they make more than `room` has, if it is given.
 */
export async function renderEach<W extends Walk, Result>(
  walks: readonly W[],
  render: (walk: W) => Result,
  room?: Room,
): Promise<Result[]> {
  const source = walks.at(0)?.scope[SOURCE]
  const entities = source?.entities
  if (!(entities instanceof LoadedEntities)) return walks.map(render)
  const results: { value?: Result; error?: unknown }[] = []
  const tryAgain = async (indexes: readonly number[], isLast = false) => {
    const missing: number[] = []
    let since = performance.now()
    for (const index of indexes) {
      const { misses } = entities
      const began = performance.now()
      entities.begin(isLast)
      try {
        results[index] = { value: render(walks[index]!) }
      } catch (error) {
        results[index] = { error }
      }
      if (entities.misses > misses) missing.push(index)
      const now = performance.now()
      const turn = room?.take(results[index].value, now - began)
      if (turn !== undefined) await turn
      if (now - since < AT_ONCE_MS) continue
      await yieldToOthers()
      since = performance.now()
    }
    return missing
  }
  const missing = await tryAgain([...walks.keys()])
  const isSmall = entities.wanted <= MOST_AT_ONCE
  for (let at = 0; at < missing.length; at += isSmall ? missing.length : PART) {
    let open = isSmall ? missing : missing.slice(at, at + PART)
    if (!isSmall) {
      entities.forget()
      open = await tryAgain(open)
    }
    for (let round = 1; round <= ROUNDS && open.length > 0; round += 1) {
      await entities.load()
      open = await tryAgain(open, round === ROUNDS)
    }
  }
  return results.map((result) => {
    if ('error' in result) throw result.error
    return result.value as Result
  })
}

/** The same for one walk. */
export async function renderFor<W extends Walk, Result>(walk: W, render: (walk: W) => Result): Promise<Result> {
  const [result] = await renderEach([walk], render)
  return result as Result
}
