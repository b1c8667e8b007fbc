import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { claimRows } from '../../store/recipient-runs/claims.ts'
import { pendingSignals, recipientRuns, runs, triggers } from '../../store/schema/index.ts'
import type { Database } from '../../store/postgres/database.ts'
import { rowsOf } from '../../store/ids/row-id.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { cancel } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
const step = (settings: object, more: object = {}) => ({
  ref: 'trigger_1',
  type: 'trigger_workflow',
  settings: { workflow_key: 'child', ...settings },
  ...more,
})
const catalog = await catalogOfFiles({
  child: {
    trigger_data_json_schema: { type: 'object', properties: { n: { type: 'number' } } },
    steps: [{ ref: 'delay_1', type: 'delay', settings: { delay_for: { unit: 'days', value: 1 } } }, feed],
  },
  sleepy: { active: false, steps: [feed] },
  plain: { steps: [step({}), feed] },
  told: {
    steps: [
      step({
        recipients: '{{ data.to | json }}',
        actor: '{{ recipient.id }}',
        tenant: '{{ data.none }}',
        data: '{"n": {{ data.n }}, "from": "{{ workflow.key }}"}',
        cancellation_key: 'child-{{ data.n }}',
      }),
    ],
  },
  guarded: {
    steps: [step({}, { conditions: { all: [{ variable: 'data.go', operator: 'equal_to', argument: true }] } }), feed],
  },
  inactive: { steps: [step({ workflow_key: 'sleepy' }), feed] },
  unknown: { steps: [step({ workflow_key: 'never-was' }), feed] },
  loop: { steps: [step({ workflow_key: 'loop' })] },
})

/** What a recipient run has triggered: the trigger's row, its workflow and key, and its recipients. */
async function causedBy(db: Database, row: number) {
  const [found] = await db
    .select({ trigger: triggers, key: runs.definitionKey, cancelationKey: runs.cancelationKey })
    .from(triggers)
    .innerJoin(runs, eq(runs.id, triggers.runId))
    .where(eq(triggers.causedByRow, row))
  if (found === undefined) return undefined
  const [first] = rowsOf(found.trigger.id)
  const rows = await db.select().from(recipientRuns)
  const recipients = rows.filter(({ id }) => id >= first && id < first + found.trigger.recipientCount)
  return { ...found, recipients: recipients.map(({ recipient }) => recipient) }
}

onEachStore(catalog, (store) => {
  const start = (key: string, given: object = {}) => startWalk(store(), catalog, key, { recipient: 'ada', ...given })

  test('a step triggers a workflow for its own recipient, with its own data, tenant and key, and the run goes on', async () => {
    const key = randomUUID()
    const walked = await start('plain', { key, data: { n: 1 }, actor: 'grace', tenant: 'acme' })
    assert.deepEqual(await walked.made(), [])
    await walked.act()
    assert.deepEqual(await walked.made(), ['feed_1'])
    const child = await causedBy(store(), walked.id)
    assert.deepEqual([child?.key, child?.cancelationKey, child?.recipients], ['child', key, ['ada']])
    const { data, actor, tenant, depth, workflowRunId } = child!.trigger
    assert.deepEqual([data, actor, tenant, depth], [{ n: 1 }, 'grace', 'acme', 1])
    assert.deepEqual(await walked.events(), [
      ['trigger_1', 'step_decided', { workflow: 'child', workflow_run_id: workflowRunId }],
    ])
    const signals = await store().select().from(pendingSignals).where(eq(pendingSignals.triggerId, child!.trigger.id))
    assert.equal(signals.length, 1)
  })

  test('each of its fields is Liquid', async () => {
    const walked = await start('told', { data: { n: 2, to: ['x', { collection: 'teams', id: 'y' }] }, tenant: 'acme' })
    await walked.act()
    const child = await causedBy(store(), walked.id)
    assert.deepEqual([child?.cancelationKey, child?.recipients], ['child-2', ['x', 'teams#y']])
    const { data, actor, tenant } = child!.trigger
    assert.deepEqual([data, actor, tenant], [{ n: 2, from: 'told' }, 'ada', null])
  })

  test('what a worker triggered just before it died is not triggered again', async () => {
    const walked = await start('plain')
    const { id, revision } = await walked.row()
    await walked.act()
    const first = await causedBy(store(), id)
    // As if the end of the step had never been recorded.
    const again = { status: 'waiting', step: 0, phase: 'wait', revision, due: new Date() } as const
    await store().update(recipientRuns).set(again).where(eq(recipientRuns.id, id))
    await walked.act()
    const all = await store().select().from(triggers).where(eq(triggers.causedByRow, id))
    assert.deepEqual(
      all.map(({ workflowRunId }) => workflowRunId),
      [first!.trigger.workflowRunId],
    )
    assert.equal((await walked.row()).status, 'ended')
  })

  test('a run that is canceled first triggers nothing; what it has triggered outlives a cancel', async () => {
    const version = catalog.definitions.get('plain')!
    const key = randomUUID()
    const walked = await start('plain', { key })
    await cancel(store(), version, key)
    await walked.act()
    assert.equal(await causedBy(store(), walked.id), undefined)
    const other = await start('plain', { key })
    await other.act()
    await cancel(store(), version, key)
    const child = await causedBy(store(), other.id)
    const rows = await store().select().from(recipientRuns)
    assert.equal(rows.find(({ id }) => id === rowsOf(child!.trigger.id)[0])!.status, 'waiting')
  })

  test('a cancel that comes while the step acts names it as in flight, and nothing is triggered after it', async () => {
    const key = randomUUID()
    const walked = await start('plain', { key })
    const row = await walked.row()
    const { id } = row
    const now = Date.now()
    await claimRows(store(), [{ ...row, claim: null }], 'another worker', { now, leaseUntil: now + 60_000 })
    const { verdict } = await cancel(store(), catalog.definitions.get('plain')!, key)
    assert.deepEqual(verdict.recipients[0]!.runs[0]!.in_flight, ['trigger_1'])
    await walked.act(now + 61_000)
    assert.deepEqual([await causedBy(store(), id), (await walked.row()).status], [undefined, 'canceled'])
  })

  test('a workflow that is not active is passed over, visibly; conditions keep a trigger back', async () => {
    const walked = await start('inactive')
    await walked.act()
    assert.deepEqual(await walked.made(), ['feed_1'])
    assert.deepEqual(await walked.events(), [
      ['trigger_1', 'step_skipped', { reason: 'the workflow sleepy is not active' }],
    ])
    assert.deepEqual(await (await start('guarded', { data: { go: false } })).made(), ['feed_1'])
  })

  test('what cannot be triggered fails the run, and says why', async () => {
    const cases: [string, object, RegExp][] = [
      ['unknown', {}, /no workflow has the key never-was/],
      ['plain', { n: 'text' }, /data.n must be/],
      ['told', { n: 1, to: [] }, /must name at least one recipient/],
      ['told', { n: '"', to: ['x'] }, /data must render as JSON/],
    ]
    for (const [key, data, reason] of cases) {
      const walked = await start(key, { data })
      await walked.act()
      await walked.tryToTheEnd()
      assert.match(JSON.stringify(await walked.events()), reason, key)
      assert.deepEqual([(await walked.row()).errorCount, await walked.made()], [1, []])
    }
  })

  test('workflows that trigger each other in a circle are cut after ten', async () => {
    const walked = await start('loop')
    await store()
      .update(triggers)
      .set({ depth: 10 })
      .where(eq(triggers.id, Math.floor(walked.id / 131_072)))
    await walked.act()
    assert.match(JSON.stringify(await walked.events()), /10 workflows triggered each other in a row/)
    assert.equal(await causedBy(store(), walked.id), undefined)
  })

  test('the newest version is triggered, whatever was current when the run began', async () => {
    const walked = await start('plain', { data: { n: 3 } })
    const newer = await catalogOfFiles({ child: { steps: [feed] }, plain: { steps: [step({}), feed] } })
    await publishCatalog(store(), newer)
    await walked.act()
    const child = await causedBy(store(), walked.id)
    assert.equal(child!.trigger.definitionHash, newer.definitions.get('child')!.hash)
    await publishCatalog(store(), catalog)
  })
})

test('a trigger step without a workflow is refused', async () => {
  const steps = [step({ workflow_key: '' }), feed]
  const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps } }))
  assert.deepEqual(
    problems.map(({ step: ref, field, message }) => [ref, field, message]),
    [['trigger_1', 'settings.workflow_key', 'must not be empty']],
  )
})
