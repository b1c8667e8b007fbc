import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { openPglite, type Store } from '../../store/postgres/database.ts'
import { migrationsFolder } from '../../store/postgres/schema-version.ts'

let made: Promise<Blob> | undefined

/**
 * A store in memory that has its tables, and nothing in them: a copy of one that is made once a test run. To make one costs
 * some seconds of a core.
 */
export async function testPglite(): Promise<Store> {
  return openPglite(null, await withTables())
}

/** Makes a folder that PGlite opens as one of its own that has its tables, and nothing in them. */
export async function pgliteFolder(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const input = new Uint8Array(await (await withTables()).arrayBuffer())
  execFileSync('tar', ['-x', '-f', '-', '-C', folder], { input, stdio: 'pipe' })
}

function withTables(): Promise<Blob> {
  return (made ??= readOrMake(process.env['BELAY_TEST_PGLITE']))
}

/** The first process of a run that needs it makes it; several at once each make the same. */
async function readOrMake(path: string | undefined): Promise<Blob> {
  if (path !== undefined && existsSync(path)) return new Blob([readFileSync(path)])
  const client = await PGlite.create('memory://')
  await migrate(drizzle(client), { migrationsFolder })
  const dump = await client.dumpDataDir('none')
  await client.close()
  if (path !== undefined) {
    writeFileSync(`${path}.${process.pid}`, new Uint8Array(await dump.arrayBuffer()))
    renameSync(`${path}.${process.pid}`, path)
  }
  return dump
}
