import type { z } from 'zod'
import { fieldName } from '../json/field-name.ts'
import { branchOfType } from './told-within.ts'

const types: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

const formats: Record<string, string> = {
  uuid: 'a UUID',
  guid: 'a UUID',
  url: 'a URL',
  datetime: 'an instant in ISO 8601',
}

/** For `safeParse`: says what would be right where a schema has no words of its own. Undefined: zod's words. */
export const zodErrorMap: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${typeName(issue.expected)}`
    case 'invalid_union':
      return issue.input === undefined ? 'is required' : unionWords(issue.errors)
    case 'invalid_value':
      return issue.input === undefined ? 'is required' : valueWords(issue.values)
    case 'invalid_format':
      return `must be ${formats[issue.format] ?? `in the format ${issue.format}`}`
    case 'too_big':
      return boundWords(issue.origin, 'at most', issue.maximum, issue.inclusive)
    case 'too_small':
      return boundWords(issue.origin, 'at least', issue.minimum, issue.inclusive)
    case 'unrecognized_keys':
      return `${issue.keys
        .slice(0, 10)
        .map((key) => JSON.stringify(key))
        .join(', ')} ${issue.keys.length === 1 ? 'is' : 'are'} unknown here`
    default:
      return undefined
  }
}

function typeName(expected: string): string {
  return types[expected] ?? expected
}

/** What the branches want, where each was given another type; of one that was given its own, what is wrong within. */
function unionWords(branches: readonly (readonly z.core.$ZodIssue[])[]): string {
  const [within] = branchOfType(branches) ?? []
  if (within !== undefined) return [fieldName(within.path), within.message].filter((part) => part !== '').join(' ')
  const wanted = branches.map((issues) => {
    const first = issues.find(({ path }) => path.length === 0)
    return first?.code === 'invalid_type' ? typeName(first.expected) : undefined
  })
  if (wanted.length === 0 || wanted.includes(undefined)) return 'is in none of the forms that are taken here'
  return `must be ${[...new Set(wanted)].join(' or ')}`
}

function valueWords(values: readonly unknown[]): string {
  const named = values.filter((value) => value !== '').map(String)
  return named.length === 1 ? `must be ${named[0]}` : `must be one of ${named.join(', ')}`
}

const counted: Record<string, string> = { string: 'characters', array: 'entries', set: 'entries', map: 'entries' }

function boundWords(origin: string, bound: 'at most' | 'at least', limit: number | bigint, inclusive = true): string {
  const things = counted[origin]
  if (things !== undefined) return `must have ${bound} ${limit} ${limit === 1 ? singular[things] : things}`
  if (inclusive) return `must be ${bound} ${limit}`
  return `must be ${bound === 'at most' ? 'less' : 'more'} than ${limit}`
}

const singular: Record<string, string> = { characters: 'character', entries: 'entry' }
