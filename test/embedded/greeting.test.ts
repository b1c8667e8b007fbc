import assert from 'node:assert/strict'
import { test } from 'node:test'
import { greeting } from '../../embedded/greeting.ts'
import type { Embedded } from '../../embedded/start.ts'

const embedded: Embedded = {
  apiUrl: 'http://127.0.0.1:4000',
  uiUrl: 'http://127.0.0.1:8233',
  temporalAddress: '127.0.0.1:7233',
  namespace: 'default',
  secretKey: 'sk_12345678',
  publicKey: 'pk_12345678',
  secretKeyFile: '/data/keys.json',
  definitions: ['invite', 'try-me'],
  feedChannelId: undefined,
} as unknown as Embedded

const called = (text: string) => [...text.matchAll(/\/v1\/workflows\/([^/]+)\//g)].map(([, key]) => key)

test('its commands are for the example, or for a definition that is there', () => {
  assert.deepEqual(called(greeting(embedded, true)), ['try-me', 'try-me'])
  assert.deepEqual(called(greeting({ ...embedded, definitions: ['invite'] }, true)), ['invite', 'invite'])
  assert.deepEqual(called(greeting({ ...embedded, definitions: [] }, true)), [])
})

test('the link to the start page carries the key at a terminal, and in no log file', () => {
  assert.match(greeting(embedded, true), /http:\/\/127\.0\.0\.1:4000\/#sk_12345678\n/)
  assert.ok(!greeting(embedded, false).includes('sk_12345678'))
})
