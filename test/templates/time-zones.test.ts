import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../testing/fixtures/shown-instants.ts', import.meta.url))

/** What a worker on a host of this zone, with this language, shows. */
function shownIn(zone: string, language: string): { zone: number; rendered: { body: string }[] } {
  const env = { ...process.env, TZ: zone, LC_ALL: language }
  const output = execFileSync(process.execPath, ['--import', 'tsx', program], { env, encoding: 'utf8' })
  return JSON.parse(output) as ReturnType<typeof shownIn>
}

test('workers on hosts of different zones and languages show the same of every instant', () => {
  const hosts = [
    shownIn('UTC', 'C.UTF-8'),
    shownIn('America/New_York', 'de_DE.UTF-8'),
    shownIn('Asia/Kolkata', 'hi_IN.UTF-8'),
    shownIn('Pacific/Chatham', 'C.UTF-8'),
  ]
  assert.equal(new Set(hosts.map(({ zone }) => zone)).size, hosts.length, 'the hosts are in different zones')
  for (const { rendered } of hosts) assert.deepEqual(rendered, hosts[0]!.rendered)
  assert.match(hosts[0]!.rendered[0]!.body, /2026-10-25 01:15:00 \+0000 UTC/)
})
