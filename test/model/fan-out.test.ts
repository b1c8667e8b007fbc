import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { triggerOf } from '../../store/ids/row-id.ts'
import { recipientKey, recipientReference } from '../../store/ids/recipient.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { query, type Database } from '../../store/postgres/database.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 12)
const HOURS = 3_600_000
const users = ['ada', 'bob', 'cleo', 'dan'] as const
const objects = ['m#red', 'm#green', 'm#blue'] as const

const user = fc.constantFrom(...users)
const object = fc.constantFrom(...objects)
const anybody = fc.constantFrom(...users, ...objects)
const some = fc.uniqueArray(anybody, { minLength: 1, maxLength: 3 })
/** What a set says of the feed, in two of the places where it may; undefined: nothing. */
const wish = fc.record({
  type: fc.constantFrom(true, false, undefined),
  workflow: fc.constantFrom(true, false, undefined),
})
const happens = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('subscribe' as const), object, who: some }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('unsubscribe' as const), object, who: some }) },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('prefer' as const), who: anybody, forTenant: fc.boolean(), wish }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('trigger' as const),
      to: some,
      actor: fc.option(user, { nil: undefined }),
      withTenant: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('cancel' as const), which: fc.nat(3), who: anybody }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('send' as const), which: fc.nat(3) }) },
)
type Happens = typeof happens extends fc.Arbitrary<infer Each> ? Each : never
interface Wish {
  type?: boolean | undefined
  workflow?: boolean | undefined
}

/** Who one trigger reaches, and the ways to them that were not named: the objects each leads over. */
interface Expected {
  key: string
  tenant: string | null
  pending: Map<string, string[][] | 'named'>
  isSent: boolean
}

/** What should be true, by the plainest means there are. */
class Model {
  readonly subscribers = new Map<string, Set<string>>()
  readonly wishes = new Map<string, Wish>()
  readonly triggers: Expected[] = []

  reach(named: readonly string[], actor: string | undefined): Expected['pending'] {
    const reached: Expected['pending'] = new Map(named.map((who) => [who, 'named']))
    const come = (who: string, over: string[]) => {
      const ways = reached.get(who) ?? []
      if (who !== actor && ways !== 'named') reached.set(who, [...ways, over])
    }
    for (const root of named) {
      for (const who of this.subscribers.get(root) ?? []) {
        come(who, [root])
        for (const further of this.subscribers.get(who) ?? []) come(further, [root, who])
      }
    }
    return reached
  }

  /** Whom a cancel takes: who it names, and who came over that object alone. */
  cancel({ pending, isSent }: Expected, who: string): string[] {
    if (isSent) return []
    const isTaken = ([each, ways]: [string, string[][] | 'named']) =>
      each === who || (ways !== 'named' && ways.every((over) => over.includes(who)))
    const taken = [...pending].filter(isTaken).map(([each]) => each)
    for (const each of taken) pending.delete(each)
    return taken.sort()
  }

  wants(who: string, tenant: string | null): boolean {
    const ofTenant = tenant === null ? undefined : this.wishes.get(`${who} ${tenant}`)
    const { type, workflow } = ofTenant ?? this.wishes.get(`${who} default`) ?? {}
    return type !== false && workflow !== false
  }
}

interface Stand {
  api: ApiServer
  db: Database
  /** Sets this life’s people apart from those of others. */
  own: string
}

async function lead(stand: Stand, life: readonly Happens[]): Promise<void> {
  const model = new Model()
  for (const each of life) await happen(stand, model, each)
  for (const trigger of model.triggers) await send(stand, model, trigger)
}

const named = (own: string, who: string) => recipientReference(`${who}-${own}`)
const plain = (own: string, key: string) => key.replace(`-${own}`, '')

async function happen(stand: Stand, model: Model, each: Happens): Promise<void> {
  const { own } = stand
  switch (each.what) {
    case 'subscribe':
    case 'unsubscribe': {
      const { collection, id } = named(own, each.object) as { collection: string; id: string }
      const method = each.what === 'subscribe' ? 'POST' : 'DELETE'
      const recipients = each.who.map((who) => named(own, who))
      await ok(stand, method, `/v1/objects/${collection}/${id}/subscriptions`, { recipients })
      const known = model.subscribers.get(each.object) ?? new Set()
      for (const who of each.who) known[each.what === 'subscribe' ? 'add' : 'delete'](who)
      model.subscribers.set(each.object, known)
      return
    }
    case 'prefer': {
      const set = each.forTenant ? 'acme' : 'default'
      const who = named(own, each.who)
      const base = typeof who === 'string' ? `/v1/users/${who}` : `/v1/objects/${who.collection}/${who.id}`
      const { type, workflow } = each.wish
      await ok(stand, 'PUT', `${base}/preferences/${set}`, {
        ...(type !== undefined && { channel_types: { in_app_feed: type } }),
        ...(workflow !== undefined && { workflows: { note: workflow } }),
      })
      model.wishes.set(`${each.who} ${set}`, each.wish)
      return
    }
    case 'trigger': {
      const key = randomUUID()
      const tenant = each.withTenant ? 'acme' : null
      const actor = each.actor === undefined ? null : named(own, each.actor)
      const recipients = each.to.map((who) => named(own, who))
      await ok(stand, 'POST', '/v1/workflows/note/trigger', { recipients, actor, tenant, cancelation_key: key })
      model.triggers.push({ key, tenant, pending: model.reach(each.to, each.actor), isSent: false })
      return
    }
    case 'cancel': {
      const trigger = model.triggers.at(-1 - each.which)
      if (trigger === undefined) return
      const body = { cancelation_key: trigger.key, recipients: [named(own, each.who)] }
      const { recipients } = (await ok(stand, 'POST', '/v1/workflows/note/cancel', body)) as unknown as Verdict
      const taken = recipients.filter(({ outcome }) => outcome === 'canceled').map(({ id }) => recipientKey(id))
      assert.deepEqual(
        taken.map((key) => plain(own, key)).sort(),
        model.cancel(trigger, each.who),
        'whom a cancel takes',
      )
      return
    }
    case 'send': {
      const trigger = model.triggers.at(-1 - each.which)
      if (trigger !== undefined) await send(stand, model, trigger)
    }
  }
}

/** Lets everybody of a trigger walk on when they are due, and looks at what was made for whom. */
async function send({ db, own, api }: Stand, model: Model, trigger: Expected): Promise<void> {
  if (trigger.isSent) return
  trigger.isSent = true
  const rows = await query<{ id: number; revision: number; recipient: string; status: string; workflowId: string }>(
    db,
    sql`select r.id, r.revision, r.recipient, r.status, u.workflow_id as "workflowId"
        from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} join runs u on u.id = t.run_id
        where u.cancelation_key = ${trigger.key} order by r.id`,
  )
  assert.equal(new Set(rows.map(({ recipient }) => recipient)).size, rows.length, 'nobody twice')
  const waiting = rows.filter(({ status }) => status === 'waiting')
  const worker = new TestWorker(db)
  worker.now = () => api.clock.now + 2 * HOURS
  for (const { id, revision, workflowId } of waiting) await worker.advance(workflowId, [id], revision)
  const made = await query<{ recipient: string }>(
    db,
    sql`select m.recipient from messages m where m.recipient_run_id in (
          select jsonb_array_elements_text(${JSON.stringify(rows.map(({ id }) => id))}::text::jsonb)::bigint)`,
  )
  const expected = [...trigger.pending.keys()].filter((who) => model.wants(who, trigger.tenant))
  assert.deepEqual(made.map(({ recipient }) => plain(own, recipient)).sort(), expected.sort(), 'who is told')
}

async function ok({ api }: Stand, method: string, path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await api.call(method, path, { body })
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body as Record<string, unknown>
}

test('nobody is sent what they opted out of, nobody twice, and a cancel of an object takes who came over it alone', async () => {
  const steps = [
    { ref: 'wait', type: 'delay', settings: { delay_for: { unit: 'hours', value: 1 } } },
    { ref: 'feed', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Note' } },
  ]
  const catalog = await catalogOfFiles({ note: { steps } })
  const store = await testPglite()
  const api = await startApi(catalog, store)
  await publishCatalog(store.db, catalog)
  try {
    const holds = fc.asyncProperty(fc.array(happens, { minLength: 3, maxLength: 14 }), (life) =>
      lead({ api, db: store.db, own: randomUUID() }, life),
    )
    const seed = process.env['BELAY_SOAK'] === 'true' ? undefined : 20_261_127
    await fc.assert(holds, { seed, numRuns: SEQUENCES, endOnFailure: true })
  } finally {
    await api.close()
  }
})
