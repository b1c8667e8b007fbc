import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownSettings } from '../../settings/unknown-settings.ts'
import { readSettings, SettingsError } from '../../settings/settings.ts'

/** What is said of a setting, or null if it is taken. */
function fault(name: string, value: string): string | null {
  try {
    readSettings({ [name]: value })
    return null
  } catch (error) {
    assert.ok(error instanceof SettingsError)
    const [first, line, ...more] = error.message.split('\n')
    assert.deepEqual([first, more], ['These settings cannot be used:', []])
    assert.ok(line!.startsWith(`  ${name}: `), line)
    return line!.slice(name.length + 4)
  }
}

test('a setting that cannot be used is told by its name and what would be right', () => {
  const cases = [
    ['PORT', 'many', 'must be a number'],
    ['PORT', '1.5', 'must be a whole number'],
    ['PORT', '70000', 'must be at most 65535'],
    ['PORT', '-1', 'must be at least 0'],
    ['LOG_LEVEL', 'loud', 'must be one of trace, debug, info, warn, error, fatal, silent'],
    ['BELAY_TIME_ZONE', 'Mars/Olympus', 'must be an IANA time zone, such as Europe/Berlin'],
    ['BELAY_TASK_QUEUE', 'q'.repeat(201), 'must have at most 200 characters'],
  ] as const
  for (const [name, value, said] of cases) assert.equal(fault(name, value), said, `${name}=${value}`)
})

test('hosts are listed by name, address or range, and what is none of them is refused', () => {
  for (const list of [
    'true',
    'false',
    '1',
    '0',
    'hooks.example, *.svc.cluster.local',
    '10.0.0.0/8,[::1],fd00::/8',
    '*',
  ])
    assert.equal(fault('BELAY_HTTP_ALLOW_PRIVATE', list), null, list)
  for (const list of [
    'a b',
    'http://a.example',
    'a.example:80',
    '10.0.0.0/33',
    '*.*',
    'a*.example',
    '10.1',
    '0x7f.1',
    '*.',
  ])
    assert.match(
      fault('BELAY_HTTP_ALLOW_PRIVATE', list) ?? 'taken',
      /^must be a list with commas between; each a host/,
      list,
    )
})

test('a sender is one e-mail address, with a name or without', () => {
  for (const from of ['belay@example.com', 'Belay <belay@example.com>', '"Belay, Inc." <belay@example.com>'])
    assert.equal(fault('BELAY_EMAIL_FROM', from), null, from)
  for (const from of ['garbage', 'Belay <belay@>', 'a@example.com, b@example.com'])
    assert.equal(fault('BELAY_EMAIL_FROM', from), 'must be one address, such as Name <name@example.com>', from)
})

test('a mail server is a URL that names a host', () => {
  for (const url of [
    'smtp://localhost',
    'smtps://user:p%40ss@mail.example.com:465?maxConnections=2',
    'smtp://[::1]:25',
  ])
    assert.equal(fault('SMTP_URL', url), null, url)
  for (const url of ['smtp://', 'smtp:///', 'smtp://:25', 'smtp://user:pass@', 'smtp://host:port', 'mail.example.com'])
    assert.match(fault('SMTP_URL', url)!, /^must be smtp:\/\/host or smtps:/, url)
})

test('a variable that is empty counts as unset', () => {
  assert.equal(readSettings({ PORT: '', SMTP_URL: '' }).PORT, 4000)
})

test('a variable of the name of a setting that nothing reads is found', () => {
  const env = { BELAY_RATE_LIMITS: '10', BELAY_EMAIL_FORM: 'a@example.com', BELAY_TIME_ZON: '', PATH: '/bin' }
  assert.deepEqual(unknownSettings({ ...env, BELAY_DATA_DIR: 'data', BELAY_URL: 'http://127.0.0.1:4000' }), [
    'BELAY_RATE_LIMITS',
    'BELAY_EMAIL_FORM',
  ])
})

test('a key that everybody knows is taken on loopback, and elsewhere only if that is said', () => {
  const keys = { BELAY_SECRET_KEY: 'sk_development_only', BELAY_PUBLIC_KEY: 'pk_development_only' }
  for (const HOST of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) readSettings({ ...keys, HOST })
  for (const HOST of ['0.0.0.0', '::', '10.0.0.5', 'belay.example.com']) {
    assert.throws(
      () => readSettings({ ...keys, HOST }),
      /BELAY_SECRET_KEY: is one that everybody knows[^]*BELAY_PUBLIC_KEY: /,
    )
    readSettings({ ...keys, HOST, BELAY_ALLOW_DEVELOPMENT_KEYS: 'true' })
    readSettings({ BELAY_SECRET_KEY: 'sk_my_own_4f1c0a9d2b', HOST })
  }
})

test('origins are *, or origins', () => {
  for (const good of ['*', 'https://app.example.com', 'http://localhost:3000, https://a.example.com'])
    assert.equal(fault('BELAY_CORS_ORIGINS', good), null, good)
  for (const bad of [
    'https://app.example.com/',
    'app.example.com',
    'https://*.example.com/x',
    '*, https://a.example.com',
  ])
    assert.match(fault('BELAY_CORS_ORIGINS', bad)!, /^must be \*, or origins such as/, bad)
})
