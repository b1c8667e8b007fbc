import type { z } from 'zod'
import { isUnset } from '../json/is-unset.ts'
import type { Remark } from './problem.ts'
import type { JsonPath } from './source.ts'

/** What of zod's own description of a schema is looked at. */
interface Def {
  type: string
  shape?: Record<string, z.ZodType>
  catchall?: z.ZodType
  element?: z.ZodType
  innerType?: z.ZodType
  in?: z.ZodType
  out?: z.ZodType
  getter?: () => z.ZodType
  discriminator?: string
  options?: readonly z.ZodType[]
}

const defOf = (schema: z.ZodType): Def => schema._zod.def

/**
 * The fields that say something and that a schema lets pass without reading them: those of its loose objects, wherever they
 * stand. Strict objects refuse such a field; those that only strip hold what is none of an author's.
 */
export function unreadFields(schema: z.ZodType, value: unknown, at: JsonPath = []): Remark[] {
  if (typeof value !== 'object' || value === null) return []
  const def = defOf(schema)
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return unreadFields(def.innerType!, value, at)
    case 'pipe':
      return unreadFields(defOf(def.in!).type === 'transform' ? def.out! : def.in!, value, at)
    case 'lazy':
      return unreadFields(def.getter!(), value, at)
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((each, index) => unreadFields(def.element!, each, [...at, index]))
        : []
    case 'union': {
      const option = optionOf(def, value as Record<string, unknown>)
      return option === undefined ? [] : unreadFields(option, value, at)
    }
    case 'object':
      return Array.isArray(value) ? [] : ofObject(def, value as Record<string, unknown>, at)
    default:
      return []
  }
}

function ofObject({ shape = {}, catchall }: Def, value: Record<string, unknown>, at: JsonPath): Remark[] {
  const isLoose = catchall !== undefined && defOf(catchall).type === 'unknown'
  return Object.entries(value).flatMap(([name, each]) => {
    const known = Object.hasOwn(shape, name) ? shape[name] : undefined
    if (known !== undefined) return unreadFields(known, each, [...at, name])
    return isLoose && !isUnset(each)
      ? [{ at: [...at, name], message: 'is not a field Belay knows: it is ignored' }]
      : []
  })
}

function optionOf({ discriminator, options = [] }: Def, value: Record<string, unknown>): z.ZodType | undefined {
  if (discriminator === undefined) return undefined
  return options.find(({ _zod: { propValues } }) => propValues?.[discriminator]?.has(value[discriminator] as string))
}
