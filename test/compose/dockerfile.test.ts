import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
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
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base!)
  assert.equal(new Set(bases).size, 1)
  assert.match(bases[0]!, /^node:(2[02])-bookworm-slim$/)
  assert.match(dockerfile, /^USER node$/m)
})
