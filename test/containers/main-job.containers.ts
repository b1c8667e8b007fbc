import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, type Tries } from '../../testing/containers/caller.ts'
import { container, mailpitUrl, ready, sql } from '../../testing/containers/stack.ts'
import { docker } from '../../testing/containers/docker.ts'
import { until } from '../../testing/fixtures/until.ts'

interface Mail {
  To: { Address: string }[]
  Subject: string
  Text: string
}

interface Verdict {
  status: string
  summary: Record<string, number>
}

const FOLLOWS_MS = 60_000

/** Their mails, once there are as many. */
function mailsTo(addresses: string[], count: number): Promise<Mail[]> {
  return until(
    `${count} mails`,
    async () => {
      const found = await Promise.all(
        addresses.map(async (address) => {
          const query = new URLSearchParams({ query: `to:"${address}"` }).toString()
          const { messages } = (await (await fetch(`${mailpitUrl()}/api/v1/search?${query}`)).json()) as {
            messages: { ID: string }[]
          }
          return Promise.all(
            messages.map(
              async ({ ID }) => (await (await fetch(`${mailpitUrl()}/api/v1/message/${ID}`)).json()) as Mail,
            ),
          )
        }),
      )
      const mails = found.flat()
      return mails.length >= count && mails
    },
    FOLLOWS_MS,
  )
}

test('three are reminded, one is taken back, and Mailpit has the mails of the other two', async () => {
  await ready()
  const people = ['ada', 'grace', 'alan'].map((id) => ({ id, email: `${id}@example.com`, name: id }))
  const path = '/v1/workflows/payment-reminder'
  const tries: Tries = new Map()
  const data = {
    invoice: '2031-7',
    remind_at: { unit: 'seconds', value: 5 },
    invoice_url: 'https://example.com/2031-7',
  }
  await ask(`${path}/trigger`, { recipients: people, data, cancelation_key: 'invoice-2031-7' }, tries)
  const cancel = { cancelation_key: 'invoice-2031-7', recipients: ['grace'] }
  const verdict = await ask<Verdict>(`${path}/cancel`, cancel, tries)
  assert.equal(verdict?.body.status, 'applied')
  assert.equal(verdict.body.summary['canceled'], 1)

  const mails = await mailsTo(
    people.map(({ email }) => email),
    2,
  )
  assert.deepEqual(mails.map(({ To }) => To[0]!.Address).sort(), ['ada@example.com', 'alan@example.com'])
  for (const { Subject, Text } of mails) {
    assert.equal(Subject, 'Invoice 2031-7 is due')
    assert.match(Text, /2031-7/)
  }
  const again = await ask<Verdict>(`${path}/cancel`, cancel, tries)
  assert.equal(again?.body.summary['already_canceled'], 1)
  assert.equal((await mailsTo(['grace@example.com'], 0)).length, 0)
})

test('api and worker can write nothing but their temporary files, and are not root', async () => {
  for (const service of ['api', 'worker'] as const) {
    const { id } = await container(service)
    assert.notEqual(await docker('exec', id, 'id', '-u'), '0')
    await docker('exec', id, 'sh', '-c', 'echo 1 >/tmp/written')
    await assert.rejects(docker('exec', '--user', '0', id, 'sh', '-c', 'echo 1 >/app/written'), /Read-only file system/)
  }
})

test('Belay and Temporal each have a role of their own, which is no superuser and reads nothing of the other', async () => {
  const roles = await sql(
    "SELECT rolname || ' ' || rolsuper FROM pg_roles WHERE rolname IN ('belay', 'temporal') ORDER BY 1",
  )
  assert.equal(roles, 'belay false\ntemporal false')
  const owners = await sql(
    "SELECT datname || ' ' || pg_get_userbyid(datdba) FROM pg_database WHERE datname LIKE 'belay' OR datname LIKE 'temporal%' ORDER BY 1",
  )
  assert.equal(owners, 'belay belay\ntemporal temporal\ntemporal_visibility temporal')
  const mayConnect =
    "SELECT has_database_privilege('belay', 'temporal', 'CONNECT') OR has_database_privilege('temporal', 'belay', 'CONNECT')"
  assert.equal(await sql(mayConnect), 'f')
})
