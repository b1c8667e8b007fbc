import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { NotJson, parseJson } from '../json/fault.ts'
import { faultsOfSource, MAX_DEPTH, tooDeep } from '../json/source.ts'
import { isUnset } from '../json/is-unset.ts'
import { lineOf } from './json-line.ts'
import { Allowance, FileError, isErrno, readUtf8, stampOf } from './read-file.ts'

export type JsonPath = readonly PropertyKey[]

/** A JSON file with what it refers to by `"name@": "relative/path"` put in its place. */
export interface Source {
  value: unknown
  problems: SourceProblem[]
  /** What was read, by its path, with its stamp from before: who finds the same ones again would read the same. */
  stamps: ReadonlyMap<string, string | null>
  /** The file a value stood in, relative to the folder. */
  fileOf(at: JsonPath): string
  /** The line, from 1, on which it stands there; undefined in a file that is no JSON. */
  lineOf(at: JsonPath): number | undefined
  /** The value, or what encloses it, could not be read: that alone is its problem. */
  failedAt(at: JsonPath): boolean
}

/** Stands for what could not be read. No schema takes it, so that nothing takes the field for one that is not there. */
const UNREADABLE = Number.NaN

export interface SourceProblem {
  file: string
  at: JsonPath
  message: string
  /** Where JSON ends to be any. */
  line?: number
}

/**
 * Reads `file` in `folder` and all it refers to, at any depth, within one allowance. A reference is relative to the file it
 * stands in and stays in the folder. A file is text, but a `.json` file of a field that `holdsJson`.
 */
export async function readSource(
  folder: string,
  file: string,
  holdsJson: (at: JsonPath, text: string) => boolean = () => true,
): Promise<Source> {
  const root = await realpath(folder)
  const files = new Map<string, { file: string; at: JsonPath; text: string; isJson: boolean; fault?: number }>()
  const stamps = new Map<string, string | null>()
  const failed = new Set<string>()
  const problems: SourceProblem[] = []
  const allowance = new Allowance()

  /** `open`: the files being resolved, outermost first; a file among them refers to itself. */
  async function read(relative: string, at: JsonPath, open: readonly string[], referrer: string): Promise<unknown> {
    try {
      const target = await within(root, relative)
      if (open.includes(target)) throw new SourceError(`${relative} refers to itself`)
      const named = path.join(folder, relative)
      stamps.set(named, await stampOf(named))
      const text = await readText(target, relative, allowance)
      const isJson = relative.endsWith('.json') && holdsJson(at, text)
      files.set(keyOf(at), { file: relative, at, text, isJson })
      if (!isJson) return text
      const value = jsonOf(text, relative)
      for (const { path: inner, message } of faultsOfSource(text, Infinity)) {
        if (inner.length >= MAX_DEPTH) throw new SourceError(`the file ${relative} ${tooDeep}`)
        problems.push({ file: relative, at: [...at, ...inner], message })
      }
      return await resolve(value, relative, at, [...open, target])
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      failed.add(keyOf(at))
      const { message, line } = error
      const broken = files.get(keyOf(at))
      if (broken !== undefined && line !== undefined) broken.fault = line
      problems.push({ ...(line === undefined ? { file: referrer } : { file: relative, line }), at, message })
      return UNREADABLE
    }
  }

  async function resolve(value: unknown, relative: string, at: JsonPath, open: readonly string[]): Promise<unknown> {
    if (typeof value === 'string' && !isStorable(value)) {
      problems.push({ file: relative, at, message: 'holds U+0000 or half a surrogate pair, which is not text' })
    }
    if (Array.isArray(value)) {
      const items: unknown[] = []
      for (const [index, item] of value.entries()) items.push(await resolve(item, relative, [...at, index], open))
      return items
    }
    if (typeof value !== 'object' || value === null) return value
    const entries: [string, unknown][] = []
    for (const [name, inner] of Object.entries(value)) {
      if (isNothing(inner) && isSetBy(value, twinOf(name))) continue
      if (name === '__proto__' && !isUnset(inner))
        problems.push({ file: relative, at: [...at, name], message: 'is a name that no field can have' })
      entries.push(
        name.endsWith('@')
          ? [name.slice(0, -1), await referred(value, name, inner, relative, at, open)]
          : [name, await resolve(inner, relative, [...at, name], open)],
      )
    }
    return Object.fromEntries(entries)
  }

  /** What `"name@": inner` stands for. */
  async function referred(
    within: object,
    name: string,
    inner: unknown,
    relative: string,
    at: JsonPath,
    open: readonly string[],
  ): Promise<unknown> {
    const plain = name.slice(0, -1)
    const refuse = (message: string) => {
      failed.add(keyOf([...at, plain]))
      problems.push({ file: relative, at: [...at, name], message })
      return UNREADABLE
    }
    if (isNothing(inner)) return null
    if (isSetBy(within, plain)) return refuse('stands beside the same name without @')
    if (typeof inner !== 'string') return refuse('must be the path of a file, as a string')
    // Written on another system, its separators may be others.
    const named = inner.replaceAll('\\', '/')
    const target = path.posix.isAbsolute(named) ? named : path.posix.join(path.posix.dirname(relative), named)
    return read(target, [...at, plain], open, relative)
  }

  const prefixes = (at: JsonPath) => Array.from({ length: at.length + 1 }, (_, n) => keyOf(at.slice(0, at.length - n)))
  const standsIn = (at: JsonPath) =>
    prefixes(at)
      .map((prefix) => files.get(prefix))
      .find((found) => found !== undefined)
  return {
    value: await read(file, [], [], file),
    problems,
    stamps,
    fileOf: (at) => standsIn(at)?.file ?? file,
    lineOf(at) {
      const place = standsIn(at)
      if (place?.isJson !== true) return undefined
      return place.fault ?? lineOf(place.text, at.slice(place.at.length))
    },
    failedAt: (at) => prefixes(at).some((prefix) => failed.has(prefix)),
  }
}

/** As tools write a field that is not set; of `name` and `name@` the one that is set counts. */
const isNothing = (value: unknown) => value === null || value === ''
const twinOf = (name: string) => (name.endsWith('@') ? name.slice(0, -1) : `${name}@`)
const isSetBy = (value: object, name: string) =>
  Object.hasOwn(value, name) && !isNothing((value as Record<string, unknown>)[name])

class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly line: number | undefined

  constructor(message: string, line?: number) {
    super(message)
    this.line = line
  }
}

const keyOf = (at: JsonPath) => JSON.stringify(at)

/** The real path of a file in the folder; a link that leaves the folder is refused as `..` is. */
async function within(root: string, relative: string): Promise<string> {
  const outside = new SourceError(`the file ${relative} is outside the definition's folder`)
  if (relative.startsWith('..') || path.isAbsolute(relative) || /^[A-Za-z]:/.test(relative)) throw outside
  const target = await realpath(path.join(root, relative)).catch((error: unknown) => {
    if (isErrno(error)) throw new SourceError(`there is no file ${relative}`)
    throw error
  })
  if (!target.startsWith(root + path.sep)) throw outside
  return target
}

async function readText(target: string, relative: string, allowance: Allowance): Promise<string> {
  const text = await readUtf8(target, allowance).catch((error: unknown) => {
    if (error instanceof FileError) throw new SourceError(`the file ${relative} ${error.message}`)
    throw error
  })
  if (!isStorable(text)) throw new SourceError(`the file ${relative} is not UTF-8 text`)
  return text
}

function jsonOf(text: string, relative: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof NotJson)
      throw new SourceError(`the file ${relative} is not JSON: ${error.message}`, error.line)
    throw error
  }
}

/** Postgres keeps neither U+0000 nor half a surrogate pair. */
const isStorable = (text: string) => !/[\0\p{Surrogate}]/u.test(text)
