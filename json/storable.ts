import { MAX_DEPTH, tooDeep } from './source.ts'

export interface Unstorable {
  path: (string | number)[]
  message: string
}

/** The first part of an input that Postgres could not keep as it is: U+0000, half a surrogate pair, or too deep a nest. */
export function findUnstorable(value: unknown, depth = 0): Unstorable | undefined {
  if (typeof value === 'string') return textFault(value)
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === MAX_DEPTH) return { path: [], message: tooDeep }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = findUnstorable(value[index], depth + 1)
      if (found !== undefined) return { ...found, path: [index, ...found.path] }
    }
    return undefined
  }
  for (const [key, inner] of Object.entries(value)) {
    const nameFault = textFault(key)
    if (nameFault !== undefined) return { path: [], message: `has a field whose name ${nameFault.message}` }
    const found = findUnstorable(inner, depth + 1)
    if (found !== undefined) return { ...found, path: [key, ...found.path] }
  }
  return undefined
}

function textFault(text: string): Unstorable | undefined {
  if (text.includes('\u0000')) return { path: [], message: 'holds the character U+0000, which cannot be stored' }
  if (!/\p{Surrogate}/u.test(text)) return undefined
  return { path: [], message: 'holds half of a surrogate pair, which is not valid Unicode' }
}
