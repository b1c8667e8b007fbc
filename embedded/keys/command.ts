import { parseArgs } from 'node:util'
import { apiKeyName } from '../../resources/api-key.ts'
import type { ApiKeyRow } from '../../store/api-keys/api-keys.ts'
import { scopes, type Scope } from '../../store/api-keys/scopes.ts'
import { StartError } from '../start-error.ts'
import type { KeyStore } from './key-store.ts'

const USAGE = `usage: npm run keys -- create <name> --scopes read,notify
       npm run keys -- list
       npm run keys -- revoke <name>
Scopes: read (whatever changes nothing), notify (trigger, cancel, mark messages), admin (everything).`

type Command = (keys: KeyStore) => Promise<string[]>

/** What the arguments ask for; it answers lines. Throws a StartError that says what is wrong with them, before anything is opened. */
export function readCommand(args: string[]): Command {
  const { positionals, values } = parsed(args)
  const [command, name, ...rest] = positionals
  if (command === 'list' && name === undefined && values.scopes === undefined) return list
  if (name === undefined || rest.length > 0) throw new StartError(USAGE)
  if (command === 'revoke' && values.scopes === undefined) return revoke(name)
  if (command !== 'create') throw new StartError(USAGE)
  return create(nameOf(name), scopesOf(values.scopes))
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { scopes: { type: 'string' } } })
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n${USAGE}`, { cause: error })
  }
}

function nameOf(given: string): string {
  const read = apiKeyName.safeParse(given)
  if (!read.success) throw new StartError(`the name ${read.error.issues[0]!.message}`)
  return read.data
}

function scopesOf(given: string | undefined): Scope[] {
  if (given === undefined) throw new StartError(`--scopes is missing\n${USAGE}`)
  const named = given.split(',').map((scope) => scope.trim())
  const isScope = (scope: string): scope is Scope => scopes.some((known) => known === scope)
  if (!named.every(isScope)) throw new StartError(`--scopes must be some of ${scopes.join(',')}`)
  return named
}

const create =
  (name: string, given: Scope[]): Command =>
  async (keys) => {
    const { key } = await keys.create(name, given)
    return [key]
  }

const revoke =
  (name: string): Command =>
  async (keys) => {
    const row = await keys.revoke(name)
    return [`${row.name} is revoked: no api lets it in after 2 seconds`]
  }

const list: Command = async (keys) => {
  const lines = (await keys.list()).map(lineOf)
  return lines.length === 0 ? ['There are no keys but those of the settings.'] : lines
}

function lineOf({ name, hint, scopes, created_at, revoked_at }: ApiKeyRow): string {
  const state = revoked_at === null ? '' : `  revoked ${revoked_at}`
  return `${name.padEnd(24)}  ${hint}…  ${scopes.join(',').padEnd(17)}  made ${created_at}${state}`
}
