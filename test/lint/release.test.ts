import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = ['package.json', 'client/package.json', 'package-lock.json', 'Dockerfile', 'CHANGELOG.md']

/** A repository with the files that a release touches, as they are. */
function repository() {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'client'))
  for (const file of files) copyFileSync(join(root, file), join(folder, file))
  const git = (...args: string[]) => {
    const who = ['-c', 'user.name=Belay', '-c', 'user.email=belay@example.com']
    return execFileSync('git', [...who, ...args], { cwd: folder, encoding: 'utf8' }).trim()
  }
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'begin')
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  const release = (version: string) => {
    const env = { ...process.env, ...author, ...committer }
    const args = ['--import', import.meta.resolve('tsx'), join(root, 'scripts/release.ts'), version]
    return spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })
  }
  return { folder, git, read, release }
}
const author = { GIT_AUTHOR_NAME: 'Belay', GIT_AUTHOR_EMAIL: 'belay@example.com' }
const committer = { GIT_COMMITTER_NAME: 'Belay', GIT_COMMITTER_EMAIL: 'belay@example.com' }

test('a release sets the version everywhere, heads the changelog, commits and tags', () => {
  const { git, read, release } = repository()
  const entries = read('CHANGELOG.md').split('## [Unreleased]\n')[1]!
  const made = release('98.7.6')
  assert.equal(made.status, 0, made.stderr)
  for (const file of files.slice(0, 4)) assert.match(read(file), /98\.7\.6/, file)
  const lock = JSON.parse(read('package-lock.json')) as {
    version: string
    packages: Record<string, { version: string }>
  }
  assert.deepEqual([lock.version, lock.packages['']!.version], ['98.7.6', '98.7.6'])
  assert.match(read('CHANGELOG.md'), /## \[Unreleased\]\n\n## \[98\.7\.6\] - \d{4}-\d\d-\d\d\n/)
  assert.ok(read('CHANGELOG.md').includes(entries.trim()))
  assert.equal(git('describe', '--exact-match'), 'v98.7.6')
  assert.equal(git('status', '--porcelain'), '')
  // Nothing has changed since.
  assert.match(release('98.7.7').stderr, /nothing under "## \[Unreleased\]"/)
})

test('a release is refused, and nothing is written, where it cannot be one', () => {
  const { folder, git, release } = repository()
  for (const version of ['0.0.1', 'next']) {
    const refused = release(version)
    assert.notEqual(refused.status, 0, version)
    assert.match(refused.stderr, /must be a version above/, version)
  }
  assert.equal(git('status', '--porcelain'), '')
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n')
  assert.match(release('99.0.0').stderr, /the working tree has changes/)
  git('commit', '--quiet', '--all', '--message', 'another')
  assert.match(release('99.0.0').stderr, /Dockerfile does not say its version/)
  assert.equal(git('tag'), '')
})
