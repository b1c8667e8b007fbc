import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.resolve(import.meta.dirname, '../..')
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'client/README.md', 'SECURITY.md'],
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`),
].filter((file) => file.endsWith('.md') && existsSync(path.join(root, file)))

/** A page's text without what stands in code. */
const textOf = (page: string) =>
  readFileSync(path.join(root, page), 'utf8')
    .replace(/^```[^]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '')

/** As GitHub makes them of headings. */
function anchorsOf(page: string): Set<string> {
  const text = readFileSync(path.join(root, page), 'utf8').replace(/^```[^]*?^```/gm, '')
  const anchors = new Set<string>()
  for (const [, heading] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    let unique = anchor
    for (let i = 1; anchors.has(unique); i += 1) unique = `${anchor}-${i}`
    anchors.add(unique)
  }
  return anchors
}

test('every link within the docs leads to a file that is there, and to a heading of it', () => {
  let links = 0
  for (const page of pages) {
    for (const [, target] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:)/.test(target!)) continue
      links += 1
      const [file = '', anchor] = target!.split('#')
      const found = file === '' ? page : path.join(path.dirname(page), decodeURIComponent(file))
      assert.ok(existsSync(path.join(root, found)), `${page} links to ${target}, which is not there`)
      if (anchor === undefined || statSync(path.join(root, found)).isDirectory() || !found.endsWith('.md')) continue
      assert.ok(anchorsOf(found).has(anchor), `${page} links to ${target}, and ${found} has no such heading`)
    }
  }
  assert.ok(links > 50, `${links} links`)
})
