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

/** What steps left under their refs. */
export function leftBySteps(state: JsonObject): JsonObject {
  const { [DATA]: _data, [OWN_DATA]: _ownData, ...left } = state
  return left
}

/** What the steps of one recipient run may lay over its data, in bytes of JSON. */
const KEPT_BYTES = 524_288

/** Why `data` cannot be laid over what is there already: it would be more than may be kept. Null: it can. */
export function keptWith(state: JsonObject, data: JsonObject): string | null {
  const all = { ...dataOver(null, state), ...data }
  if (Buffer.byteLength(JSON.stringify(all)) <= KEPT_BYTES) return null
  return `with it the steps of this run would add more than ${KEPT_BYTES} bytes to its data`
}
