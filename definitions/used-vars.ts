import { fieldName, type DefinitionProblem } from './problem.ts'
import type { JsonPath } from './source.ts'
import { BUILT_IN_VARS } from '../templates/branding.ts'

/** A use of `vars` in Liquid, `vars.a.b` or `vars["a"][0]`, and whether a default follows it at once. */
const IN_LIQUID =
  /\bvars((?:\.[\w-]{1,255}|\[(?:"[\w-]{1,255}"|'[\w-]{1,255}'|\d{1,9})\]){1,10})(\s{0,9}\|\s{0,9}default\b)?/g
const AS_PATH = /^vars((?:\.[\w-]{1,255}){1,10})/
const PART = /[\w-]+/g
/** What Liquid says of any text or list. */
const OF_LIQUID = new Set(['size', 'first', 'last'])

/** What is asked of `vars`: the names on the way, and the path in the file where it stands. */
export interface UsedVar {
  names: string[]
  at: JsonPath
}

/** Every use of `vars` that stands in a text or in anything a file holds. */
export function usedVars(value: unknown, at: JsonPath = []): UsedVar[] {
  if (typeof value === 'string') return namesIn(value).map((names) => ({ names, at }))
  if (Array.isArray(value)) return value.flatMap((inner, index) => usedVars(inner, [...at, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => usedVars(inner, [...at, name]))
}

/** A use that has a default needs no value. */
function namesIn(text: string): string[][] {
  if (!text.includes('vars')) return []
  const path = AS_PATH.exec(text)
  if (path !== null && !text.includes('{')) return [path[1]!.match(PART) ?? []]
  if (!text.includes('{{') && !text.includes('{%')) return []
  const used = [...text.matchAll(IN_LIQUID)].filter(([, , fallback]) => fallback === undefined)
  return [...new Set(used.map(([, names]) => names!))].map((names) => names.match(PART) ?? [])
}

/** Names used and set nowhere, at any depth, as sentences for whoever starts a process. */
export function unsetVars(
  vars: Readonly<Record<string, unknown>>,
  used: readonly UsedVar[],
  place: (at: JsonPath) => Pick<DefinitionProblem, 'file' | 'step' | 'field'>,
): string[] {
  return used
    .filter(({ names }) => !BUILT_IN_VARS.has(names[0]!) && !isSet(vars, names))
    .map(({ names, at }) => {
      const { file, step, field = fieldName(at) } = place(at)
      const where = [file, step === undefined ? undefined : `step ${step}`, field || undefined]
      const told = where.filter((part) => part !== undefined).join(', ')
      return `${told}: uses vars.${names.join('.')}, which vars.json does not set: it shows as nothing`
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
