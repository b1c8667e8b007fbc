import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readKeys } from '../../embedded/keys/kept-keys.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

test('keys are made once and kept, readable by their owner alone', () => {
  const folder = temporaryFolder()
  const keys = readKeys(folder, {})
  assert.match(keys.secretKey, /^sk_[\w-]{32}$/)
  assert.match(keys.publicKey, /^pk_[\w-]{32}$/)
  assert.equal(keys.secretKeyFile, join(folder, 'keys.json'))
  assert.equal(statSync(join(folder, 'keys.json')).mode & 0o777, 0o600)
  assert.deepEqual(readKeys(folder, {}), keys)
  assert.notEqual(readKeys(temporaryFolder(), {}).secretKey, keys.secretKey)
})

test('keys in the settings win, and those kept stay', () => {
  const folder = temporaryFolder()
  const kept = readKeys(folder, {})
  const given = { BELAY_SECRET_KEY: 'sk_0123456789abcdef', BELAY_PUBLIC_KEY: 'pk_0123456789' }
  const expected = { secretKey: 'sk_0123456789abcdef', publicKey: 'pk_0123456789', secretKeyFile: null }
  assert.deepEqual(readKeys(folder, given), expected)
  assert.deepEqual(readKeys(folder, {}), kept)
})

test('a keys file that cannot be read is an error that names it, never new keys', () => {
  const file = join(temporaryFolder(), 'keys.json')
  writeFileSync(file, '{"secret_key": ')
  assert.throws(() => readKeys(join(file, '..'), {}), new RegExp(`${file} must hold`))
})
