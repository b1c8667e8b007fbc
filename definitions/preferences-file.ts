import { idleArguments } from '../conditions/idle-arguments.ts'
import { preferenceSetSchema } from '../preferences/preference-schema.ts'
import type { PreferenceSet } from '../preferences/preference-set.ts'
import { isUnset } from '../json/is-unset.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import { fieldName, type DefinitionProblem } from './problem.ts'
import { readSource, type JsonPath } from './source.ts'

export const PREFERENCES_FILE = 'preferences.json'

/** The environment's preference set. What is wrong is pushed to `problems`, and the result then undefined; `idle` is what says nothing. */
export async function readPreferences(
  folder: string,
  { problems, idle }: { problems: DefinitionProblem[]; idle: DefinitionProblem[] },
): Promise<PreferenceSet | undefined> {
  const source = await readSource(folder, PREFERENCES_FILE)
  const parsed = preferenceSetSchema.safeParse(source.value, { error: zodErrorMap })
  const issues = source.problems.map(({ at, message }) => ({ path: at, message }))
  if (issues.length === 0 && !parsed.success) issues.push(...parsed.error.issues)
  issues.push(...unknownIn(source.value).map((path) => ({ path, message: 'is not a field of a preference set' })))
  const problem = (path: JsonPath, message: string): DefinitionProblem => {
    const field = fieldName(path)
    const line = source.lineOf(path)
    const place = { file: PREFERENCES_FILE, ...(line !== undefined && { line }), ...(field !== '' && { field }) }
    return { ...place, message }
  }
  problems.push(...issues.map(({ path, message }) => problem(path, message)))
  idle.push(...idleArguments(source.value).map(({ at, message }) => problem(at, message)))
  return parsed.success && issues.length === 0 ? parsed.data : undefined
}

const ofChannel = ['conditions']
const ofWorkflow = ['conditions', 'channel_types', 'channels', '__strategy__']
const ofSet = ['channel_types', 'channels', 'workflows', 'categories', 'commercial_subscribed', 'id', '__typename']

/** The fields of the file that nobody reads. Of a set that a caller sends they are left out: a client may know more. */
function unknownIn(set: unknown): string[][] {
  const of = (value: unknown, known: readonly string[], at: string[]): string[][] => {
    if (!isObject(value)) return []
    const unknown = Object.keys(value).filter((name) => !known.includes(name) && !isUnset(value[name]))
    return [...unknown.map((name) => [...at, name]), ...channelsOf(value, at)]
  }
  const entries = (value: unknown, known: readonly string[], at: string[]): string[][] =>
    isObject(value) ? Object.entries(value).flatMap(([name, entry]) => of(entry, known, [...at, name])) : []
  const channelsOf = (value: Record<string, unknown>, at: string[]): string[][] =>
    ['channel_types', 'channels'].flatMap((part) => entries(value[part], ofChannel, [...at, part]))
  if (!isObject(set)) return []
  const { workflows, categories, commercial_subscribed: commercial } = set
  return [
    ...of(set, ofSet, []),
    ...entries(workflows, ofWorkflow, ['workflows']),
    ...entries(categories, ofWorkflow, ['categories']),
    ...of(commercial, ofChannel, ['commercial_subscribed']),
  ]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
