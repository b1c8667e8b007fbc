import { createReadStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { createGunzip } from 'node:zlib'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { BackupError, restore } from '../store/backup/backup.ts'
import { linesOf } from '../store/backup/lines.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres } from '../store/postgres/reachable.ts'

const USAGE = 'npm run restore -- <file> [--replace], or - for the standard input'
const TRANSACTION_MS = 24 * 3_600_000

/** `npm run restore`: a backup into an empty database, or with `--replace` in place of what it holds. All of it or nothing. */
async function main(): Promise<void> {
  const { file, replace } = readArguments()
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined) throw new SettingsError('DATABASE_URL is needed: the store to restore')
  const store = await openReachablePostgres(settings.DATABASE_URL, {
    ...pooledBy(settings),
    transactionMs: TRANSACTION_MS,
  })
  try {
    await store.migrate()
    const rows = await restore(store.db, readLines(file), { replace })
    console.log(`restored ${rows} rows. Start worker and api, then run npm run doctor -- --repair`)
  } finally {
    await store.close()
  }
}

async function* readLines(file: string): AsyncGenerator<string> {
  // Whoever reads it hears of it.
  const gunzip = createGunzip().on('error', () => undefined)
  const failed = (error: Error) => gunzip.destroy(error)
  const source = file === '-' ? process.stdin.on('error', failed) : createReadStream(file).on('error', failed)
  try {
    yield* linesOf(source.pipe(gunzip))
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (code.startsWith('Z_')) throw new BackupError(`the backup is cut off or damaged (${message})`)
    if (code === 'ENOENT') throw new SettingsError(`there is no file ${file}`)
    throw error
  }
}

function readArguments(): { file: string; replace: boolean } {
  try {
    const { values, positionals } = parseArgs({ options: { replace: { type: 'boolean' } }, allowPositionals: true })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new Error('one file is needed')
    return { file, replace: values.replace === true }
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`)
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError || error instanceof BackupError ? error.message : error)
  process.exit(1)
})
