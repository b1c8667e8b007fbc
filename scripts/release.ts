/**
 * Makes a release of what is committed:
 *
 *     npm run release -- 0.2.0
 *
 * Sets the version everywhere it is written, heads what stands under "Unreleased" in the changelog with it and the day, commits
 * and tags that. Nothing is pushed. Refuses, having changed nothing, a version that is not above the present one, a working
 * tree with changes, and a changelog with nothing to release.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import semver from 'semver'

const [version = ''] = process.argv.slice(2)
const read = (file: string) => readFileSync(file, 'utf8')
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()

/** By file: what stands before the version, and after it. */
const places = new Map<string, RegExp>([
  ['package.json', /^( {2}"version": ")[^"]+(")/m],
  ['client/package.json', /^( {2}"version": ")[^"]+(")/m],
  // Its own version, and that of its root package: they stand before all others.
  ['package-lock.json', /^(\{\n {2}"name": "belay",\n {2}"version": ")[^"]+(")/],
  ['Dockerfile', /(org\.opencontainers\.image\.version=")[^"]+(")/],
])

const present = (JSON.parse(read('package.json')) as { version: string }).version
if (semver.valid(version) !== version || !semver.gt(version, present))
  throw new Error(
    `"${version}" must be a version above ${present}: npm run release -- ${semver.inc(present, 'minor')!}`,
  )
if (git('status', '--porcelain') !== '') throw new Error('the working tree has changes: commit them first')
const changelog = read('CHANGELOG.md')
const [, before, entries, after] = /^([^]*?## \[Unreleased\]\n)([^]*?)(\n## \[[^]*)?$/.exec(changelog) ?? []
if (entries === undefined || entries.trim() === '')
  throw new Error('CHANGELOG.md has nothing under "## [Unreleased]": say what changed')

const changed = new Map<string, string>()
for (const [file, place] of places) {
  const text = read(file)
  if (!place.test(text)) throw new Error(`${file} does not say its version where it did: see scripts/release.ts`)
  changed.set(file, text.replace(place, `$1${version}$2`))
}
const lock = changed.get('package-lock.json')!
changed.set('package-lock.json', lock.replace(/("": \{\n {6}"name": "belay",\n {6}"version": ")[^"]+/, `$1${version}`))
const day = new Date().toISOString().slice(0, 10)
changed.set('CHANGELOG.md', `${before}\n## [${version}] - ${day}\n${entries.trimEnd()}\n${after ?? ''}`)

for (const [file, text] of changed) writeFileSync(file, text)
git('commit', '--quiet', '--all', '--message', `release: ${version}`)
git('tag', '--annotate', `v${version}`, '--message', `Belay ${version}`)
console.log(`v${version} is committed and tagged; "git push --follow-tags" publishes it.`)
