import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { canonicalJson } from './version.ts'
import { linearPattern } from './linear-pattern.ts'
import { violationOf, type Violation } from './schema-violation.ts'
import { isTimeout, withinTime } from './within-time.ts'

/** Checks the data of triggers against one schema. */
export interface TriggerSchema {
  /** Everything that is wrong, at most 100 violations; none: the data fits. Null and absent data are an empty object. */
  violations: (data: unknown) => Violation[]
}

const LARGEST = 256_000
const MOST = 100
/** Data of more values than this is checked up to its first violation only. */
const MANY_VALUES = 20_000
/** Far more than a folder has: definitions that push each other out are compiled at every trigger. */
const CACHED = 2_000
const cache = new Map<string, Compiled | { problem: string }>()

interface Compiled {
  schema: TriggerSchema
  /** Keywords and formats that no draft has, so that they check nothing; `x-…` is a note of somebody's own. */
  unknown: readonly string[]
}

/**
 * Compiles a `trigger_data_json_schema`, draft-07, 2019-09 or 2020-12; once for schemas of the same content. Null for one
 * that is absent, null or empty. A problem says why it cannot be compiled.
 */
export function compileTriggerSchema(given: unknown): Compiled | { problem: string } | null {
  if (given === undefined || given === null) return null
  if (typeof given !== 'object' || Array.isArray(given)) return { problem: 'must be a JSON schema, as an object' }
  if (Object.keys(given).length === 0) return null
  const key = textOf(given)
  if (key === null) return { problem: 'is nested too deep' }
  if (key.length > LARGEST) return { problem: `is longer than ${LARGEST} characters` }
  const known = cache.get(key)
  if (known !== undefined) return known
  const compiled = compile(given as Record<string, unknown>, key)
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value!)
  cache.set(key, compiled)
  return compiled
}

function compile(given: Record<string, unknown>, text: string): Compiled | { problem: string } {
  const Dialect = dialectOf(given, text)
  if (Dialect === null)
    return {
      problem: `has a $schema Belay does not know; take http://json-schema.org/draft-07/schema# or ${DRAFT_2020}`,
    }
  if (given.$async === true) return { problem: 'is asynchronous; leave $async out' }
  try {
    const { $schema: _, ...schema } = given
    const checker = checkerOf(Dialect)
    void checker.validateSchema(schema, true)
    const formats = [...text.matchAll(FORMAT)].map(([, name]) => name!).filter((name) => !checker.formats[name])
    const unknown = new Set(formats.map((name) => `the format ${JSON.stringify(name)}`))
    const warn = (message: unknown) => {
      const name = KEYWORD.exec(String(message))?.[1]
      if (name !== undefined && !name.startsWith('x-')) unknown.add(`the keyword ${JSON.stringify(name)}`)
    }
    const telling = { strictSchema: 'log' as const, logger: { log: warn, warn, error: warn } }
    // Where it tells of keywords it would throw for formats.
    const first = validator(Dialect, schema, telling, formats)
    let all: ValidateFunction | undefined
    const everything = () => (all ??= validator(Dialect, schema, { allErrors: true }))
    return { unknown: [...unknown], schema: { violations: (data) => violations(first, everything, data ?? {}) } }
  } catch (error) {
    return { problem: `does not compile: ${error instanceof Error ? error.message.slice(0, 500) : 'unknown reason'}` }
  }
}

/** As a schema names one, and as ajv tells of a keyword that it does not know. */
const FORMAT = /"format":"([^"\\]{1,255})"/g
const KEYWORD = /unknown keyword: "([^"]{1,255})"/

const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema'
type Dialect = typeof Ajv | typeof Ajv2019 | typeof Ajv2020

/** A schema that does not say which draft it follows is of draft-07, unless it uses what only a later one has. */
function dialectOf({ $schema }: Record<string, unknown>, text: string): Dialect | null {
  if ($schema === undefined || $schema === null || $schema === '') return LATER.test(text) ? Ajv2020 : Ajv
  const name = typeof $schema === 'string' ? $schema.replace(/^https?:\/\//, '').replace(/#$/, '') : ''
  if (name === 'json-schema.org/draft-07/schema' || name === 'json-schema.org/schema') return Ajv
  if (name === 'json-schema.org/draft/2019-09/schema') return Ajv2019
  return name === 'json-schema.org/draft/2020-12/schema' ? Ajv2020 : null
}
const LATER =
  /"(prefixItems|\$dynamicRef|dependentRequired|dependentSchemas|unevaluated(Properties|Items)|minContains)":/

const options: Options = { strict: false, validateFormats: true, logger: false, code: { regExp: linearPattern } }
/** One that says whether a schema is any, by dialect: to make one takes longer than all else together. */
const checkers = new Map<Dialect, InstanceType<Dialect>>()

function checkerOf(Dialect: Dialect): InstanceType<Dialect> {
  const known = checkers.get(Dialect)
  if (known !== undefined) return known
  const made = new Dialect(options)
  ajvFormats.default(made)
  checkers.set(Dialect, made)
  return made
}

/** Each schema has one of its own: an `$id` in it is nobody else's. It was checked before. */
function validator(
  Dialect: Dialect,
  schema: Record<string, unknown>,
  more: Options,
  formats: readonly string[] = [],
): ValidateFunction {
  const ajv = new Dialect({ ...options, ...more, validateSchema: false })
  ajvFormats.default(ajv)
  for (const name of formats) if (ajv.formats[name] === undefined) ajv.addFormat(name, true)
  return ajv.compile(schema)
}
/** A schema may be one that takes for ever over some data: all of it has a time limit. */
function violations(first: ValidateFunction, everything: () => ValidateFunction, data: unknown): Violation[] {
  try {
    if (withinTime(() => first(data))) return []
    if (hasMany(data)) return listOf(first.errors)
    const all = everything()
    withinTime(() => all(data))
    return listOf(all.errors)
  } catch (error) {
    const why = isTimeout(error) ? 'took too long to check' : 'is nested too deep to check'
    return [{ field: 'data', message: `${why}; simplify the data or the schema`, type: 'schema' }]
  }
}

function listOf(errors: ErrorObject[] | null | undefined): Violation[] {
  const seen = new Map<string, Violation>()
  for (const error of errors ?? []) {
    if (seen.size >= MOST) break
    const violation = violationOf(error)
    if (violation !== null) seen.set(`${violation.field} ${violation.message}`, violation)
  }
  // A wrapper alone, such as a failed `not`, is a violation all the same.
  return seen.size > 0 ? [...seen.values()] : [{ field: 'data', message: 'does not fit the schema', type: 'schema' }]
}

function hasMany(data: unknown): boolean {
  let left = MANY_VALUES
  const waiting: unknown[] = [data]
  while (waiting.length > 0 && left > 0) {
    const value = waiting.pop()
    left -= 1
    if (typeof value !== 'object' || value === null) continue
    const inner = Object.values(value)
    if (inner.length > left) return true
    for (const item of inner) waiting.push(item)
  }
  return left <= 0
}

function textOf(given: object): string | null {
  try {
    return canonicalJson(given)
  } catch {
    return null
  }
}
