import { createHash } from 'node:crypto'
import { realpathSync, statSync, unlinkSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

/** A socket's address is at most 104 bytes on macOS and 108 on Linux. */
const LONGEST_SOCKET_PATH = 100

/** Another process has the folder. */
export class FolderInUseError extends StartError {
  readonly folder: string

  constructor(folder: string, holder: string) {
    super(`${folder} is in use by process ${holder}; stop it, or set BELAY_DATA_DIR to another folder`)
    this.folder = folder
  }
}

export interface FolderLock {
  release(): Promise<void>
}

/**
 * Takes a folder for this process, or says which process has it. The lock is a listening Unix socket: it ends with its
 * holder, however that dies, so that a leftover file locks nobody out and a pid used again proves nothing.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = socketPath(folder)
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const server = await listen(path)
    if (server !== null) return { release: () => close(server) }
    const before = identity(path)
    const holder = await askHolder(path)
    if (holder !== null) throw new FolderInUseError(folder, holder)
    // Nobody listens. The file goes only if it is still the one asked: another start may have put its own there since.
    if (before !== null && before === identity(path)) unlinkSync(path)
  }
  throw new StartError(`${folder} could not be locked: other processes start on it at this moment`)
}

function socketPath(folder: string): string {
  const real = realpathSync(folder)
  const path = join(real, 'lock.sock')
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path
  return join(tmpdir(), `belay-${createHash('sha256').update(real).digest('hex').slice(0, 32)}.sock`)
}

/** Null if something is at the path already. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(String(process.pid))
    })
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen(path, () => {
      server.unref()
      resolve(server)
    })
  })
}

/** The holder's pid; null if nobody listens. */
function askHolder(path: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    let answer = ''
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(null)
      else if (error.code === 'ECONNRESET') resolve(answer || '(unknown)')
      else reject(error)
    })
    // A holder too busy to answer holds it all the same.
    socket.on('close', (failed) => {
      if (!failed) resolve(answer || '(too busy to tell its pid)')
    })
  })
}

/** An inode number alone is used again at once; the time of its last change tells the files apart. */
function identity(path: string): string | null {
  try {
    const { ino, ctimeNs } = statSync(path, { bigint: true })
    return `${ino}:${ctimeNs}`
  } catch {
    return null
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
