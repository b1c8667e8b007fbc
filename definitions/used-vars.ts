import { fieldName, type DefinitionProblem } from './problem.ts'
import type { JsonPath } from './source.ts'
import { BUILT_IN_VARS } from '../templates/branding.ts'

/** A use of `vars` in Liquid, `vars.a.b` or `vars["a"][0]`, and whether a default follows it at once. */
const IN_LIQUID =
  /\bvars((?:\.[\w-]{1,255}|\[(?:"[\w-]{1,255}"|'[\w-]{1,255}'|\d{1,9})\]){1,10})(\s{0,9}\|\s{0,9}default\b)?/g
const AS_PATH = /^vars((?:\.[\w-]{1,255}|\[\d{1,6}\]){1,10})/
const PART = /[\w-]+/g
/** What Liquid says of any text or list. */
const OF_LIQUID = new Set(['size', 'first', 'last'])

const EMPTY = 'it is the empty text'
const SKIPS = 'the step is skipped'

/** The fields that hold a path, and what comes of one at which nothing is. */
const WITHOUT_VALUE: Readonly<Record<string, string>> = {
  variable: EMPTY,
  argument: EMPTY,
  delay_until_field_path: 'the run fails there',
  batch_until_field_path: SKIPS,
  throttle_window_field_path: SKIPS,
  throttle_key: SKIPS,
  batch_key: EMPTY,
  cohort_key: 'the recipient counts instead',
}

/** What is asked of `vars`: the names on the way, the path in the file where it stands, what comes of it if it is not set. */
export interface UsedVar {
  names: string[]
  at: JsonPath
  otherwise: string
}

/** Every use of `vars` that stands in a text or in anything a file holds. */
export function usedVars(value: unknown, at: JsonPath = []): UsedVar[] {
  if (typeof value === 'string') return usesIn(value, at)
  if (Array.isArray(value)) return value.flatMap((inner, index) => usedVars(inner, [...at, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => usedVars(inner, [...at, name]))
}

/** A use that has a default needs no value. */
function usesIn(text: string, at: JsonPath): UsedVar[] {
  if (!text.includes('vars')) return []
  const field = at.findLast((part) => typeof part === 'string') ?? ''
  const path = text.includes('{') ? null : AS_PATH.exec(text.trim())
  const otherwise = Object.hasOwn(WITHOUT_VALUE, field) ? WITHOUT_VALUE[field] : undefined
  if (path !== null && otherwise !== undefined) return [{ names: path[1]!.match(PART) ?? [], at, otherwise }]
  if (!text.includes('{{') && !text.includes('{%')) return []
  const used = [...text.matchAll(IN_LIQUID)].filter(([, , fallback]) => fallback === undefined)
  const all = [...new Set(used.map(([, names]) => names!))].map((names) => names.match(PART) ?? [])
  return all.map((names) => ({ names, at, otherwise: 'it shows as nothing' }))
}

/** Names used and set nowhere, at any depth, as sentences for whoever starts a process. */
export function unsetVars(
  vars: Readonly<Record<string, unknown>>,
  used: readonly UsedVar[],
  place: (at: JsonPath) => Pick<DefinitionProblem, 'file' | 'step' | 'field'>,
): string[] {
  return used
    .filter(({ names }) => !BUILT_IN_VARS.has(names[0]!) && !isSet(vars, names))
    .map(({ names, at, otherwise }) => {
      const { file, step, field = fieldName(at) } = place(at)
      const where = [file, step === undefined ? undefined : `step ${step}`, field || undefined]
      const told = where.filter((part) => part !== undefined).join(', ')
      return `${told}: uses vars.${names.join('.')}, which vars.json does not set: ${otherwise}`
    })
}

function isSet(vars: unknown, names: readonly string[]): boolean {
  let value = vars
  for (const name of names) {
    if (typeof value === 'string' || Array.isArray(value)) if (OF_LIQUID.has(name)) return true
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false
    value = (value as Record<string, unknown>)[name]
  }
  return true
}
