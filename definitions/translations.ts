import { po } from 'gettext-parser'
import path from 'node:path'
import { parseLiquid } from '../templates/liquid.ts'
import { NotJson, parseJson } from '../json/fault.ts'
import { faultsOfSource, MAX_DEPTH } from '../json/source.ts'
import { lineOf } from './json-line.ts'
import { namesIn } from './names-in.ts'
import { fieldName, type DefinitionProblem } from './problem.ts'
import { Allowance, FileError, readBytes, readUtf8 } from './read-file.ts'

/** `translations/<locale>/[<namespace>.]<locale>.json` or `.po`, all within one allowance. What is wrong is pushed to `problems`. */
export async function readTranslations(
  folder: string,
  problems: DefinitionProblem[],
): Promise<Record<string, unknown>> {
  const texts: Record<string, Record<string, unknown>> = {}
  const allowance = new Allowance()
  for (const locale of await namesIn(folder, 'translations', problems)) {
    for (const name of await namesIn(folder, `translations/${locale}`, problems)) {
      const [, namespace, type] = /^(?:([\w-]+)\.)?[\w-]+\.(json|po)$/.exec(name) ?? []
      if (type === undefined) continue
      const file = `translations/${locale}/${name}`
      try {
        const from = path.join(folder, file)
        const read: unknown =
          type === 'json'
            ? fromJson(await readUtf8(from, allowance), file, problems)
            : fromPo(await readBytes(from, allowance), file, problems)
        const tag = locale.replaceAll('_', '-')
        texts[tag] = { ...texts[tag], [namespace ?? '']: read }
      } catch (error) {
        const { message } = error as Error
        const line = error instanceof NotJson ? { line: error.line } : {}
        problems.push({ file, ...line, message: error instanceof FileError ? message : `cannot be read: ${message}` })
      }
    }
  }
  return texts
}

function fromJson(text: string, file: string, problems: DefinitionProblem[]): unknown {
  const value = parseJson(text)
  for (const { path: at, message } of faultsOfSource(text, Infinity)) {
    if (at.length >= MAX_DEPTH) throw new Error(message)
    problems.push({ file, line: lineOf(text, at), field: fieldName(at), message })
  }
  for (const { at, message } of faultsOfTexts(value))
    problems.push({ file, line: lineOf(text, at), field: fieldName(at), message })
  return value
}

/** Texts that the tag `t` could not fill in, or that hold what is no author's to write. */
function faultsOfTexts(value: unknown, at: string[] = []): { at: string[]; message: string }[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, inner]) => faultsOfTexts(inner, [...at, name]))
  if (typeof value !== 'string' || !/\{[{%]/.test(value)) return []
  try {
    parseLiquid(value, 'text')
    return []
  } catch (error) {
    return [{ at, message: `is not a Liquid template: ${(error as Error).message}` }]
  }
}

function fromPo(bytes: Buffer, file: string, problems: DefinitionProblem[]): Record<string, unknown> {
  const entries = Object.values(po.parse(withoutBlankRuns(bytes), { defaultCharset: 'utf-8' }).translations).flatMap(
    (context) => Object.values(context),
  )
  const texts = Object.fromEntries(
    entries.flatMap(({ msgid, msgstr }) => {
      const [one, other] = msgstr
      if (msgid === '' || !one) return []
      return [[msgid, other === undefined ? one : { one, other: msgstr.at(-1) }]]
    }),
  )
  for (const { at, message } of faultsOfTexts(texts)) problems.push({ file, field: fieldName(at), message })
  return texts
}

/** Of each run of empty lines one is left: the parser looks over all of a run from every line of it. */
function withoutBlankRuns(bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split('\n')
  const kept = lines.filter((line, at) => line.trim() !== '' || lines[at - 1]?.trim() !== '')
  return Buffer.from(kept.join('\n'), 'latin1')
}
