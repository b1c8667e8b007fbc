import { z } from 'zod'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import { fieldName, type DefinitionProblem } from './problem.ts'
import { readSource } from './source.ts'

export const VARS_FILE = 'vars.json'

/** What templates see as `vars`: JSON as in vars.json, where a string `$NAME` stands for the environment variable NAME. */
export type Vars = Record<string, unknown>

/** `$NAME`, the whole string. */
const SECRET = /^\$([A-Za-z_][A-Za-z0-9_]*)$/

const varsFile = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,254}$/, 'a name is a letter or _, then letters, digits, _ and -'),
  z.json(),
)

/** The variables of vars.json. Without a file: none. */
export async function readVars(
  folder: string,
  exists: boolean,
): Promise<{ vars: Vars; problems: DefinitionProblem[] }> {
  if (!exists) return { vars: {}, problems: [] }
  const source = await readSource(folder, VARS_FILE)
  const parsed = varsFile.safeParse(source.value, { error: zodErrorMap })
  const issues = source.problems.map(({ at, message }) => ({ path: at, message }))
  if (issues.length === 0 && !parsed.success) issues.push(...parsed.error.issues)
  const problems = issues.map(({ path, message }) => {
    const field = fieldName(path)
    const line = source.lineOf(path)
    return { file: VARS_FILE, ...(line !== undefined && { line }), ...(field !== '' && { field }), message }
  })
  return { vars: parsed.success && problems.length === 0 ? parsed.data : {}, problems }
}

/** The variables with each `$NAME` replaced from `env`; one that is not set there is null. */
export function resolveVars(vars: Vars, env: NodeJS.ProcessEnv): Vars {
  return resolve(vars, env) as Vars
}

function resolve(value: unknown, env: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string') {
    const name = SECRET.exec(value)?.[1]
    return name === undefined ? value : (env[name] ?? null)
  }
  if (Array.isArray(value)) return value.map((inner) => resolve(inner, env))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolve(inner, env)]))
}

/** The environment variables that `vars`, or one of its values, asks for and nobody set, as sentences. */
export function unsetSecrets(vars: unknown, env: NodeJS.ProcessEnv): string[] {
  return secretNames(vars)
    .filter((name) => !env[name])
    .map((name) => `vars.json: the environment variable ${name} is not set: its value shows as nothing`)
}

/** The names of the environment variables that `vars` asks for, each once. */
export function secretNames(vars: unknown): string[] {
  if (typeof vars === 'string') return SECRET.exec(vars)?.slice(1) ?? []
  if (typeof vars !== 'object' || vars === null) return []
  return [...new Set(Object.values(vars).flatMap(secretNames))]
}
