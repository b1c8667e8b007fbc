import type { Chunk } from './chunk.ts'
import { eachOf } from './each-sleeper.ts'
import type { Lane } from './lane-name.ts'
import type { Sleeper } from './lane.ts'
import type { ChunkResult } from './run-activities.ts'

/** How a chunk came back. */
export interface CameBack {
  /** Who sleeps again, in whatever lane. */
  again: { lane: Lane; id: number; sleeper: Sleeper }[]
  /** Some came back because their instant is still to come by the store's clock. */
  isEarly: boolean
  /** Everybody came back as they were, and due. */
  isIdle: boolean
}

/** `acting`: whom of the chunk the run still knows as handed out. */
export function cameBack(chunk: Chunk, acting: ReadonlyMap<number, Sleeper>, result: ChunkResult): CameBack {
  const again = result.asleep.flatMap((group) => {
    return [...eachOf(group)].map(([id, sleeper]) => {
      return { lane: group.lane, id, sleeper: { ...sleeper, name: sleeper.name ?? acting.get(id)?.name } }
    })
  })
  const same = again.filter(({ lane, id, sleeper }) => {
    return lane === chunk.lane && acting.get(id)?.revision === sleeper.revision
  })
  return {
    again,
    isEarly: same.some(({ id, sleeper: { due } }) => due > result.now && acting.get(id)!.due === due),
    isIdle: same.filter(({ sleeper: { due } }) => due <= result.now).length === chunk.size,
  }
}
