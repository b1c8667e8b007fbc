import { fieldName, type DefinitionProblem } from './problem.ts'
import type { JsonPath } from './source.ts'
import { BUILT_IN_VARS } from '../templates/branding.ts'

/** A use of `vars.<name>` in Liquid, and whether a default follows it at once. */
const IN_LIQUID = /\bvars\.([A-Za-z_][A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_.-]{1,200})?(\s{0,9}\|\s{0,9}default\b)?/g
const AS_PATH = /^vars\.([A-Za-z_][A-Za-z0-9_-]*)/

/** Every name of `vars` that stands in a text or in anything a file holds, with the path where it stands. */
export function usedVars(value: unknown, at: JsonPath = []): { name: string; at: JsonPath }[] {
  if (typeof value === 'string') return namesIn(value).map((name) => ({ name, at }))
  if (Array.isArray(value)) return value.flatMap((inner, index) => usedVars(inner, [...at, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => usedVars(inner, [...at, name]))
}

/** A use that has a default needs no value. */
function namesIn(text: string): string[] {
  if (!text.includes('vars.')) return []
  const path = AS_PATH.exec(text)
  if (path !== null && !text.includes('{')) return [path[1]!]
  if (!text.includes('{{') && !text.includes('{%')) return []
  const names = [...text.matchAll(IN_LIQUID)].flatMap(([, name, fallback]) => (fallback === undefined ? [name!] : []))
  return [...new Set(names)]
}

/** Names used and set nowhere, as sentences for whoever starts a process. */
export function unsetVars(
  set: ReadonlySet<string>,
  used: readonly { name: string; at: JsonPath }[],
  place: (at: JsonPath) => Pick<DefinitionProblem, 'file' | 'step' | 'field'>,
): string[] {
  return used
    .filter(({ name }) => !set.has(name) && !BUILT_IN_VARS.has(name))
    .map(({ name, at }) => {
      const { file, step, field = fieldName(at) } = place(at)
      const where = [file, step === undefined ? undefined : `step ${step}`, field].filter((part) => part !== undefined)
      return `${where.join(', ')}: uses vars.${name}, which vars.json does not set: it shows as nothing`
    })
}
