import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { openPostgres, query, type Database, type Store } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { isRowOf } from '../../store/ids/row-id.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
const wait = { ref: 'delay_1', type: 'delay', settings: { delay_for: { unit: 'days', value: 1 } } }
const onlyIf = (variable: string, argument: unknown) => ({
  conditions: { all: [{ variable, operator: 'equal_to', argument }] },
})
const catalog = await catalogOfFiles({
  once: { trigger_frequency: 'once_per_recipient', steps: [wait, feed] },
  tenant: { trigger_frequency: 'once_per_recipient_per_tenant', steps: [wait, feed] },
  both: { trigger_frequency: 'once_per_recipient', ...onlyIf('data.go', true), steps: [wait, feed] },
  asked: { ...onlyIf('recipient.plan', 'pro'), steps: [wait, feed] },
})

interface Run {
  id: string
  status: string
  reason: string | null
  events: { event: string; step_ref: string | null; data: Record<string, unknown> | null }[]
}

for (const [where, open] of [
  ['in PGlite', async () => ({ store: await testPglite(), drop: () => Promise.resolve() })],
  ['in Postgres', openOwnPostgres],
] as const) {
  describe(where, () => {
    let api: ApiServer
    let db: Database
    let drop: () => Promise<void>
    before(async () => {
      const opened = await open()
      drop = opened.drop
      api = await startApi(catalog, opened.store)
      db = opened.store.db
      await publishCatalog(db, catalog)
    })
    after(async () => {
      await api.close()
      await drop()
    })

    const trigger = async (key: string, body: object): Promise<string> => {
      const { status, body: answer } = await api.call('POST', `/v1/workflows/${key}/trigger`, { body })
      assert.equal(status, 200, JSON.stringify(answer))
      return (answer as { workflow_run_id: string }).workflow_run_id
    }
    const runs = async (workflowRunId: string): Promise<Run[]> => {
      const list = await api.call('GET', `/v1/workflow_recipient_runs?workflow_run_id=${workflowRunId}`)
      const { items } = list.body as { items: { id: string }[] }
      const each = await Promise.all(items.map(({ id }) => api.call('GET', `/v1/workflow_recipient_runs/${id}`)))
      // Whether it sleeps or is to be walked on is no matter here.
      const begun = (status: string) => (status === 'completed' ? status : 'begun')
      return each.map(({ body }) => ({ ...(body as Run), status: begun((body as Run).status) })).reverse()
    }
    const run = async (key: string, body: object): Promise<Run> => {
      const [first] = await runs(await trigger(key, { recipients: [randomUUID()], ...body }))
      return first!
    }
    const signalsOf = async (workflowRunId: string): Promise<number> => {
      const statement = sql`select s.id from pending_signals s join triggers t on t.id = s.trigger_id
        where t.workflow_run_id = ${workflowRunId}::uuid`
      return (await query(db, statement)).length
    }

    test('a recipient for whom the conditions of the workflow do not hold is over when the trigger is answered', async () => {
      const [pro, free] = [randomUUID(), randomUUID()]
      const recipients = [
        { id: pro, plan: 'pro' },
        { id: free, plan: 'free' },
      ]
      const id = await trigger('asked', { recipients, cancellation_key: free })
      const [began, kept] = await runs(id)
      assert.deepEqual([began?.status, kept?.status], ['begun', 'completed'])
      const reason = 'conditions of the workflow do not hold'
      assert.equal(kept?.reason, reason)
      const compared = { variable: 'recipient.plan', operator: 'equal_to', argument: 'pro', compared_with: 'pro' }
      const shown = (value: string, result: boolean) => ({
        conditions: { match: 'all', result, conditions: [{ ...compared, value, result }] },
      })
      const told = kept.events.find(({ event }) => event === 'workflow_skipped')
      assert.deepEqual([told?.step_ref, told?.data], [null, { ...shown('free', false), reason }])
      const held = began?.events.find(({ event }) => event === 'workflow_conditions_held')
      assert.deepEqual([held?.step_ref, held?.data], [null, shown('pro', true)])
      const { body } = await api.call('POST', '/v1/workflows/asked/cancel', { body: { cancellation_key: free } })
      const { recipients: judged } = body as { recipients: { id: string; outcome: string; reason?: string }[] }
      const outcomes = new Map(judged.map(({ id: who, ...rest }) => [who, [rest.outcome, rest.reason]]))
      assert.deepEqual(outcomes.get(pro), ['canceled', undefined])
      assert.deepEqual(outcomes.get(free), ['ended', reason])
    })

    test('a trigger of which nobody is left is told to no run, and nobody joins it', async () => {
      const body = { recipients: [{ id: randomUUID(), plan: 'free' }], cancellation_key: randomUUID() }
      assert.equal(await signalsOf(await trigger('asked', body)), 0)
      const { body: answer } = await api.call('POST', '/v1/workflows/asked/trigger', { body })
      assert.equal((answer as { joined?: true }).joined, undefined)
    })

    test('a workflow that runs once for each recipient names the trigger that came before', async () => {
      const [ada, grace] = [randomUUID(), randomUUID()]
      const first = await trigger('once', { recipients: [ada], tenant: 'acme' })
      const [late, other] = await runs(await trigger('once', { recipients: [ada, grace], tenant: 'initech' }))
      const reason = 'runs once for each recipient, and has begun before'
      assert.deepEqual([late?.status, late?.reason, other?.status], ['completed', reason, 'begun'])
      const told = late?.events.find(({ event }) => event === 'workflow_skipped')
      assert.deepEqual(told?.data, { reason, workflow_run_id: first })
    })

    test('with tenants by themselves a recipient runs once in each, and once without', async () => {
      const recipients = [randomUUID()]
      const status = async (tenant: string | null) => (await run('tenant', { recipients, tenant })).status
      assert.deepEqual([await status('acme'), await status('initech'), await status(null)], ['begun', 'begun', 'begun'])
      assert.deepEqual([await status('acme'), await status(null)], ['completed', 'completed'])
    })

    test('who was kept back by conditions has not run; sandbox mode neither asks nor counts', async () => {
      const recipients = [randomUUID()]
      const status = async (go: boolean, settings = {}) => {
        return (await run('both', { recipients, data: { go }, settings })).status
      }
      const sandbox = { sandbox_mode: true }
      assert.equal(await status(false), 'completed')
      assert.equal(await status(true, sandbox), 'begun')
      assert.equal(await status(true), 'begun')
      assert.equal(await status(true), 'completed')
      assert.equal(await status(true, sandbox), 'begun')
    })

    test('a run that was taken back before it made a message does not count', async () => {
      const recipients = [randomUUID()]
      const cancellation_key = randomUUID()
      assert.equal((await run('once', { recipients, cancellation_key })).status, 'begun')
      assert.equal((await run('once', { recipients })).status, 'completed')
      await api.call('POST', '/v1/workflows/once/cancel', { body: { cancellation_key } })
      assert.equal((await run('once', { recipients, cancellation_key })).status, 'begun')
      const replaced = await run('once', { recipients, cancellation_key, settings: { on_conflict: 'replace' } })
      assert.equal(replaced.status, 'begun')
      assert.equal((await run('once', { recipients })).status, 'completed')
    })

    test('of triggers at the same time exactly one begins for each recipient', async () => {
      const people = Array.from({ length: 20 }, () => randomUUID())
      const triggers = Array.from({ length: 16 }, (_, index) =>
        trigger('once', {
          recipients: index % 2 === 0 ? people : [...people].reverse(),
          ...(index % 3 === 0 && { cancellation_key: `race-${index % 6}-${people[0]}` }),
        }),
      )
      await Promise.all(triggers)
      const found = await query<{ recipient: string; begun: number; all: number }>(
        db,
        sql`select r.recipient, count(*) filter (where r.status = 'waiting')::int as begun, count(*)::int as all
            from recipient_runs r where r.recipient = any(${sql.param(people)}) group by r.recipient`,
      )
      assert.equal(found.length, people.length)
      for (const { begun, all } of found) assert.deepEqual([begun, all], [1, 16])
      const told = await query<{ id: number }>(
        db,
        sql`select s.id from pending_signals s join recipient_runs r on ${isRowOf('r.id', 's.trigger_id')}
            where r.recipient = any(${sql.param(people)})
            group by s.id having count(*) filter (where r.status = 'waiting') = 0`,
      )
      assert.deepEqual(told, [])
    })
  })
}

async function openOwnPostgres(): Promise<{ store: Store; drop: () => Promise<void> }> {
  const database = await testPostgres()
  return { store: openPostgres(database.url, { connections: 20 }), drop: () => database.drop() }
}
