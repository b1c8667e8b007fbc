import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import ts from 'typescript'
import { composeFile, root } from './compose-file.ts'

const text = (path: string) => readFileSync(new URL(path, root), 'utf8')
const dockerfile = text('Dockerfile')

test('the image is built from files that are there, by scripts that are there', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '))
  assert.ok(copied.includes('package-lock.json'))
  for (const source of copied) assert.ok(existsSync(new URL(source, root)), source)
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> }
  for (const [, name] of dockerfile.matchAll(/npm run (\w+)/g)) assert.ok(name! in scripts, name)
})

test('what the build needs is not ignored', () => {
  const ignored = text('.dockerignore').trim().split('\n')
  const needed = [
    'activities',
    'api',
    'definitions',
    'scripts',
    'settings.ts',
    'store',
    'worker',
    'workflows',
    '.npmrc',
  ]
  assert.deepEqual(
    needed.filter((path) => ignored.includes(path)),
    [],
  )
  for (const path of ['.env', 'node_modules', 'dist', '.git']) assert.ok(ignored.includes(path), path)
})

test('every program a container runs is one the build writes', () => {
  const parsed = ts.getParsedCommandLineOfConfigFile(new URL('tsconfig.build.json', root).pathname, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: () => undefined,
  })!
  const commands = Object.values(composeFile().services).flatMap(({ command }) => command ?? [])
  const programs = [...commands, ...dockerfile.split(/["\s]/)].filter((word) => /^dist\/.+\.js$/.test(word))
  assert.equal(new Set(programs).size, 3)
  for (const program of programs) {
    const source = new URL(program.replace('dist/', '').replace(/\.js$/, '.ts'), root).pathname
    assert.ok(parsed.fileNames.includes(source), `${program} comes of ${source}`)
  }
})

test('the image is slim Debian of a pinned Node that the package allows, and runs without root', () => {
  const bases = [...dockerfile.matchAll(/^FROM (\S*[:$]\S+)/gm)].map(([, base]) => base!)
  assert.deepEqual(bases, ['${NODE_IMAGE}'])
  const [, image] = /^ARG NODE_IMAGE=(\S+)$/m.exec(dockerfile)!
  assert.match(image!, /^node:(2[02])-bookworm-slim$/)
  assert.ok(dockerfile.includes(`image.base.name="${image!}"`))
  assert.match(dockerfile, /^USER node$/m)
})

test('the image says what it is, as the package does', () => {
  const { version, license } = JSON.parse(text('package.json')) as { version: string; license: string }
  for (const label of [`version="${version}"`, `licenses="${license}"`, 'title="Belay"', 'revision="$REVISION"']) {
    assert.ok(dockerfile.includes(`org.opencontainers.image.${label}`), label)
  }
})

test('packages are installed before the sources are copied, so that a change of code does not install them again', () => {
  const lines = dockerfile.split('\n')
  const all = lines.indexOf('COPY . .')
  const installs = lines.flatMap((line, at) => (line.startsWith('RUN npm ci') ? [at] : []))
  assert.equal(installs.length, 2)
  for (const at of installs) assert.ok(at < all)
})

test('what the image leaves out is nothing that its programs name when they are loaded', () => {
  const removed = /^const unused = (.+)$/m.exec(text('scripts/prune-image.mjs'))![1]!
  const names = [...removed.matchAll(/'([^']+)'/g)].map(([, name]) => name!)
  assert.ok(names.includes('esbuild'))
  const { dependencies } = JSON.parse(text('package.json')) as { dependencies: Record<string, string> }
  const direct = Object.keys(dependencies).filter((name) =>
    names.some((each) => name === each || name.startsWith(`${each}/`)),
  )
  // tsx runs sources, PGlite is imported by the embedded start alone.
  assert.deepEqual(direct.sort(), ['@electric-sql/pglite', 'tsx'])
  for (const [file, source] of sources()) {
    for (const name of direct) assert.doesNotMatch(source, new RegExp(`^import (?!type).*from '${name}`, 'm'), file)
    assert.doesNotMatch(source, /^import (?!type).*from 'drizzle-orm\/pglite/m, file)
  }
})

function sources(): [string, string][] {
  const folders = ['store', 'api/http', 'api/routes', 'worker', 'engine', 'temporal', 'activities']
  return folders.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file): [string, string] => [`${folder}/${file}`, text(`${folder}/${file}`)]),
  )
}
