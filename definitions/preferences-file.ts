import { preferenceSetSchema } from '../preferences/preference-schema.ts'
import type { PreferenceSet } from '../preferences/preference-set.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import { fieldName, type DefinitionProblem } from './problem.ts'
import { readSource } from './source.ts'

export const PREFERENCES_FILE = 'preferences.json'

/** The environment's preference set. What is wrong is pushed to `problems`, and the result then undefined. */
export async function readPreferences(
  folder: string,
  problems: DefinitionProblem[],
): Promise<PreferenceSet | undefined> {
  const source = await readSource(folder, PREFERENCES_FILE)
  const parsed = preferenceSetSchema.safeParse(source.value, { error: zodErrorMap })
  const issues = source.problems.map(({ at, message }) => ({ path: at, message }))
  if (issues.length === 0 && !parsed.success) issues.push(...parsed.error.issues)
  for (const { path, message } of issues) {
    const field = fieldName(path)
    const line = source.lineOf(path)
    const place = { file: PREFERENCES_FILE, ...(line !== undefined && { line }), ...(field !== '' && { field }) }
    problems.push({ ...place, message })
  }
  return parsed.success && issues.length === 0 ? parsed.data : undefined
}
