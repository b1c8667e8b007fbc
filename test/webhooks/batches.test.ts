import { MockActivityEnvironment } from '@temporalio/testing'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createDeliverWebhooks } from '../../activities/deliver-webhooks.ts'
import type { WebhookBody } from '../../events/webhooks/webhook-sender.ts'
import { readSettings } from '../../settings/settings.ts'
import { query } from '../../store/postgres/database.ts'
import { loadRows } from '../../store/recipient-runs/load-walks.ts'
import { settleWalks } from '../../store/recipient-runs/settle-walks.ts'
import type { WebhookTurn } from '../../workflows/other-activities.ts'
import { quiet } from '../../testing/fixtures/activities.ts'
import { accept, walked } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const version = testVersion('digest', ['feed'])
const endpoints = readSettings({ BELAY_WEBHOOKS: 'http://all.example' }).BELAY_WEBHOOKS
const outbox = { endpoints, wake: () => undefined }

onEachStore(catalogOf(version), (store) => {
  test('events are posted in batches of some eight megabytes of data, and all of them come', async () => {
    const db = store()
    const recipients = Array.from({ length: 20 }, (_, i) => `user-${i}`)
    const { rows } = await accept(db, version, randomUUID(), recipients, { data: { text: 'x'.repeat(2_000_000) } })
    for (const row of await loadRows(db, rows)) await settleWalks(db, [walked(version, row)], Date.now(), outbox)
    /** Of each event that was posted: how many had been recorded by then. */
    const left: number[] = []
    const posted: WebhookBody[] = []
    const webhooks = {
      async post(_endpoint: unknown, body: WebhookBody) {
        posted.push(body)
        const [row] = await query<{ count: number }>(db, sql`select count(*)::int as count from webhook_events`)
        left.push(row!.count)
        return null
      },
      close: () => Promise.resolve(),
    }
    const deliver = createDeliverWebhooks({ db, outbox, webhooks, log: quiet })
    let turn: WebhookTurn
    do turn = await new MockActivityEnvironment().run<[string], WebhookTurn, typeof deliver>(deliver, endpoints[0]!.key)
    while (turn.nextInMs !== null)
    const messages = posted.filter(({ type }) => type === 'message.delivered')
    assert.equal(messages.length, recipients.length)
    const bytes = new Map<number, number>()
    posted.forEach((body, i) => bytes.set(left[i]!, (bytes.get(left[i]!) ?? 0) + JSON.stringify(body).length))
    assert.ok(Math.max(...bytes.values()) < 9_000_000, `at once: ${[...bytes.values()].join()} bytes`)
  })

  test('what was posted while the store takes nothing is recorded once it does, and not posted again', async () => {
    const db = store()
    const { rows } = await accept(db, version, randomUUID(), ['ada'])
    for (const row of await loadRows(db, rows)) await settleWalks(db, [walked(version, row)], Date.now(), outbox)
    await db.execute(
      sql.raw(`create function no_room() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$`),
    )
    await db.execute(sql.raw('create trigger full_disk before delete on webhook_events execute function no_room()'))
    const posted: string[] = []
    const webhooks = {
      post(_endpoint: unknown, { id }: WebhookBody) {
        posted.push(id)
        return Promise.resolve(null)
      },
      close: () => Promise.resolve(),
    }
    const deliver = createDeliverWebhooks({ db, outbox, webhooks, log: quiet })
    const turn = new MockActivityEnvironment().run<[string], WebhookTurn, typeof deliver>(deliver, endpoints[0]!.key)
    await wait(1_000)
    await db.execute(sql.raw('drop trigger full_disk on webhook_events'))
    const { delivered, nextInMs } = await turn
    assert.deepEqual([new Set(posted).size, delivered, nextInMs], [posted.length, posted.length, null])
    assert.ok(posted.length > 0)
  })
})
