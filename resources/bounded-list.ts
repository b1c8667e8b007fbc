import { z } from 'zod'

/** What is wrong with thousands of items is told by the first. */
const MAX_FAULTS = 100

interface BoundedListDef<Item extends z.ZodType> extends z.core.$ZodArrayDef<Item> {
  min: number
  max: number
}

/** As z.array, but items are read only if their number fits, and no further than a hundred faults. */
const BoundedList = z.core.$constructor<z.ZodArray, BoundedListDef<z.ZodType>>('BoundedList', (list, def) => {
  z.ZodArray.init(list, def)
  const parse = list._zod.parse.bind(list._zod)
  list._zod.parse = (payload, context) => {
    const input: unknown = payload.value
    // What is no list, or has too few or too many items, is told by the plain array and its checks.
    if (!Array.isArray(input)) return parse(payload, context)
    if (input.length < def.min || input.length > def.max) return payload
    const items: unknown[] = []
    payload.value = items
    for (let index = 0; index < input.length; index += 1) {
      const value: unknown = input[index]
      const item = def.element._zod.run({ value, issues: [] }, context)
      if (item instanceof Promise) throw new TypeError('A list is parsed at once: its items cannot be promises')
      items.push(item.value)
      if (item.issues.length > 0) payload.issues.push(...z.core.util.prefixIssues(index, item.issues))
      if (payload.issues.length >= MAX_FAULTS) break
    }
    return payload
  }
})

/** A list of `min` to `max` items; `tooFew` and `tooMany` say so in words that follow the field's name. */
export function boundedList<Item extends z.ZodType>(
  item: Item,
  { min = 0, max, tooFew, tooMany }: { min?: number; max: number; tooFew?: string; tooMany?: string },
): z.ZodArray<Item> {
  const list = new BoundedList({ type: 'array', element: item, min, max }) as z.ZodArray<Item>
  const bounded = list.max(max, tooMany ?? `has more than ${max.toLocaleString('en')} values`)
  return min === 0 ? bounded : bounded.min(min, tooFew ?? `must have at least ${min}`)
}
