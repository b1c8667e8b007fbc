/** As tools write a field that is not set: absent, null or empty, or an object in which everything is null. */
export function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.values(value).every((each) => each === null)
}

/** A duration of which only the unit is chosen: `{"unit": "days", "value": null}`. */
export function isUnitAlone(given: unknown): boolean {
  if (typeof given !== 'object' || given === null || !('value' in given)) return false
  return Object.entries(given).every(([name, value]) => name === 'unit' || isUnset(value))
}

/** An object without the fields that are not set; anything else as it is. */
export function withoutUnset(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  return Object.fromEntries(Object.entries(given).filter(([, value]) => !isUnset(value)))
}
