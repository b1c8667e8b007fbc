import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Package {
  dev?: boolean
  license?: string
}

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('each package that is installed to run Belay is under a licence that docs/licences.md names', () => {
  const [, ...rows] = read('docs/licences.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const named = new Set(
    rows.flatMap((row) =>
      row
        .split('|')[1]!
        .split(',')
        .map((name) => name.trim()),
    ),
  )
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> }
  const others = Object.entries(packages).flatMap(([path, { dev = false, license }]) => {
    if (path === '' || dev) return []
    const licences = (license ?? ownWords(path)).replace(/[()]/g, '').split(/ AND | OR /)
    return licences.every((licence) => named.has(licence)) ? [] : [`${path}: ${license}`]
  })
  assert.deepEqual(others, [])
})

/** Of a package whose package.json is silent: the public domain says so in its first line. */
function ownWords(path: string): string {
  const file = `${path}/LICENSE`
  const isThere = existsSync(new URL(`../../${file}`, import.meta.url))
  return isThere && read(file).includes('released into the public domain') ? 'Unlicense' : 'unknown'
}
