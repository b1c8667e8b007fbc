import type { JsonObject } from '../store/schema/index.ts'

/** Where the state of a recipient run holds what its steps laid over `data`. No step has such a ref. */
export const DATA = '$data'

/** Where it holds what was laid over before a batch closed, whose carrier it is: of its own activity only. */
export const OWN_DATA = '$own_data'

/** What lies over the data of a row's trigger: the recipient's own, and what its steps added. Null: nothing. */
export function dataOver(triggerData: JsonObject | null, state: JsonObject): JsonObject | null {
  const added = state[DATA] as JsonObject | undefined
  return added === undefined ? triggerData : { ...triggerData, ...added }
}
