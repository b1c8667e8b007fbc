import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { backup } from '../store/backup/backup.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres, requireSchema } from '../store/postgres/reachable.ts'

const USAGE = 'npm run backup -- --out <file>, or --out - for the standard output'
/** However long it takes: others go on meanwhile. */
const TRANSACTION_MS = 24 * 3_600_000

/** `npm run backup`: the whole store, as it is at one instant, in one compressed file. The file is there when it is whole. */
async function main(): Promise<void> {
  const out = readArguments()
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined) {
    throw new SettingsError(
      'DATABASE_URL is needed: the store to back up. Of npm start, stop it and copy BELAY_DATA_DIR',
    )
  }
  const store = await openReachablePostgres(settings.DATABASE_URL, {
    ...pooledBy(settings),
    transactionMs: TRANSACTION_MS,
    connections: 1,
  })
  await requireSchema(store)
  // What fails in writing rejects `written`.
  const part = out === '-' ? undefined : `${out}.part`
  const target =
    part === undefined
      ? process.stdout
      : createWriteStream(part, { mode: 0o600, flush: true }).on('error', () => undefined)
  const gzip = createGzip().on('error', () => undefined)
  const written = pipeline(gzip, target)
  try {
    const write = async (line: string) => {
      if (!gzip.write(`${line}\n`)) await Promise.race([once(gzip, 'drain'), written])
    }
    const rows = await backup(store.db, write, Date.now())
    gzip.end()
    await written
    if (part !== undefined) await finish(part, out)
    console.error(`backed up ${rows} rows`)
  } catch (error) {
    written.catch(() => undefined)
    gzip.destroy()
    if (part !== undefined) await rm(part, { force: true })
    throw error
  } finally {
    await store.close()
  }
}

/** Never over a file that is there. */
async function finish(part: string, out: string): Promise<void> {
  const file = await open(out, 'wx', 0o600).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? new SettingsError(`--out: ${out} is there already`)
      : error
  })
  await file.close()
  await rename(part, out)
}

function readArguments(): string {
  try {
    const { out } = parseArgs({ options: { out: { type: 'string' } } }).values
    if (out === undefined || out === '') throw new Error('--out is needed')
    return out
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`)
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error)
  process.exit(1)
})
