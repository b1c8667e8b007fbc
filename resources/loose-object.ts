import { z } from 'zod'

/** As z.looseObject, which leaves a field named `__proto__` out; here it is data like any other. */
const LooseObject = z.core.$constructor<z.ZodObject>('LooseObject', (object, def) => {
  z.ZodObject.init(object, def)
  const parse = object._zod.parse.bind(object._zod)
  object._zod.parse = (payload, context) => {
    const input: unknown = payload.value
    const result = parse(payload, context)
    if (typeof input !== 'object' || input === null || !Object.hasOwn(input, '__proto__')) return result
    if (result instanceof Promise) throw new TypeError('An object is parsed at once: its fields cannot be promises')
    const value = Object.getOwnPropertyDescriptor(input, '__proto__')!.value as unknown
    Object.defineProperty(result.value, '__proto__', { value, enumerable: true, writable: true, configurable: true })
    return result
  }
})

/** An object whose other fields are the caller's own, and kept as they are. */
export function looseObject<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$loose> {
  const { def } = z.looseObject(shape)
  return new LooseObject(def) as unknown as z.ZodObject<Shape, z.core.$loose>
}
