import { readFileSync, writeFileSync } from 'node:fs'

const page = new URL('../../docs/reliability.md', import.meta.url)

/** Puts the figures of a run that held into docs/reliability.md, in the place of those before. */
export function writeFigures(name: string, lines: readonly string[]): void {
  const [begin, end] = [`<!-- chaos: ${name} -->`, '<!-- chaos: end -->']
  const text = readFileSync(page, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from === -1 || to === -1) throw new Error(`docs/reliability.md has no place for the figures of ${name}`)
  const day = new Date().toISOString().slice(0, 10)
  const listed = [`- ${day}, ${name}`, ...lines.map((line) => `  - ${line}`)].join('\n')
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${listed}\n\n${text.slice(to)}`)
}
