import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

const MIB = 1024 * 1024
/** Of one file of the notifications folder. */
const MAX_FILE_BYTES = MIB
/** Of a file and all it refers to; of all translations. */
const MAX_BYTES = 8 * MIB
const MAX_FILES = 1_000

/** Why a file cannot be read: what follows its name in a sentence. */
export class FileError extends Error {
  override readonly name = 'FileError'
}

/** What may be read together. A file counts as often as it is read. */
export class Allowance {
  #bytes = MAX_BYTES
  #files = MAX_FILES

  /** Throws a FileError where that is too much. */
  take(bytes: number): void {
    if (bytes > MAX_FILE_BYTES) throw new FileError(`holds ${bytes.toLocaleString('en')} bytes: at most 1 MiB is read`)
    this.#bytes -= bytes
    this.#files -= 1
    if (this.#bytes < 0) throw new FileError('makes it more than 8 MiB that are read together')
    if (this.#files < 0)
      throw new FileError(`makes it more than ${MAX_FILES.toLocaleString('en')} files that are read together`)
  }
}

/**
 * The text of a file. Throws a FileError where it cannot be read, is too large, or is no UTF-8; so it does for a named pipe or
 * a device, on which it never waits.
 */
export async function readUtf8(file: string, allowance = new Allowance()): Promise<string> {
  const bytes = await readBytes(file, allowance)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) throw new FileError('is not UTF-8 text')
    throw error
  }
}

/** What a file holds, as `readUtf8` reads it. */
export async function readBytes(file: string, allowance = new Allowance()): Promise<Buffer> {
  try {
    // Without O_NONBLOCK a pipe that nobody writes to is waited for here.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const found = await handle.stat()
      if (!found.isFile()) throw new FileError('is no file, but a folder, a pipe or a device')
      allowance.take(found.size)
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (isErrno(error)) throw new FileError(`cannot be read (${error.code})`)
    throw error
  }
}

/** Within so long of a change, a further one may leave every trace of the file as it was. */
const FRESH_MS = 2_000

/** What changes whenever a file does; null where that cannot be told: it is not there, or was changed just now. */
export async function stampOf(file: string): Promise<string | null> {
  const found = await stat(file, { bigint: true }).catch(() => null)
  if (found === null) return null
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = found
  const last = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs)
  return last > Date.now() - FRESH_MS ? null : [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

/** An error of the file system, such as ENOENT. */
export function isErrno(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
