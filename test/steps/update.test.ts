import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { updateFromSteps } from '../../engine/update-from-steps.ts'
import { noOutbox } from '../../events/outbox.ts'
import type { Walk } from '../../steps/kind.ts'
import { findPreferenceSet } from '../../store/profiles/preference-sets.ts'
import { loadRecipients } from '../../store/profiles/recipients.ts'
import { loadTenants, upsertTenants } from '../../store/profiles/tenants.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { claimRows } from '../../store/recipient-runs/claims.ts'
import { cancel } from '../../testing/fixtures/recipient-runs.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { catalogOfFiles, startWalk, type Walked } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feed = (body: string) => ({
  ref: 'feed_1',
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: body },
})
const step = (type: string, settings: object, more: object = {}) => ({ ref: 'update_1', type, settings, ...more })
const catalog = await catalogOfFiles({
  data: {
    steps: [
      step('update_data', { data: '{"full_name": "{{ data.first }} {{ data.last }}", "first": "A."}' }),
      feed('{{ data.full_name }}, {{ data.first }}, {{ data.last }}'),
    ],
  },
  twice: {
    steps: [
      step('update_data', { data: '{"a": {"x": 1}, "b": null, "c": 1}' }),
      { ...step('update_data', { data: '{"a": {"y": 2}, "d": 2}' }), ref: 'update_2' },
      feed('{{ data.a.x }},{{ data.a.y }},{{ data.b }},{{ data.c }},{{ data.d }},{{ data.e }}'),
    ],
  },
  broken: { steps: [step('update_data', { data: '{"a": {{ data.a }}}' }), feed('Hi')] },
  user: {
    steps: [step('update_user', { update_properties: '{{ data.set | json }}' }), feed('{{ recipient.address.city }}')],
  },
  object: {
    steps: [
      step('update_object', {
        recipient_mode: 'reference',
        recipient_gid: 'gid://Object/projects/{{ data.project }}',
        update_properties: '{"status": "done"}',
      }),
      feed('Hi'),
    ],
  },
  tenant: {
    steps: [
      step('update_tenant', {
        recipient_mode: 'current',
        update_properties: '{"settings": {"preference_set": {"channel_types": {"in_app_feed": false}}}}',
      }),
      feed('Hi'),
    ],
  },
  any_tenant: { steps: [step('update_tenant', { update_properties: '{{ data.set | json }}' }), feed('Hi')] },
  other: {
    steps: [step('update_user', { recipient_gid: '{{ data.gid }}', update_properties: '{"seen": true}' }), feed('Hi')],
  },
})

onEachStore(catalog, (store) => {
  const start = (key: string, given: object = {}) => startWalk(store(), catalog, key, { recipient: 'ada', ...given })
  const bodyOf = async (walked: Walked) => JSON.stringify((await walked.messages()).map(({ content }) => content))
  const propertiesOf = async (key: string) => (await loadRecipients(store(), [key])).get(key)

  test('later steps see the data that a step laid over the trigger’s, and other runs do not', async () => {
    const data = { first: 'Ada', last: 'Lovelace' }
    assert.match(await bodyOf(await start('data', { data })), /Ada Lovelace, A\., Lovelace/)
    assert.match(await bodyOf(await start('data', { data: { first: 'Grace', last: 'H' } })), /Grace H, A\., H/)
  })

  test('data is laid over field by field, each as a whole, and null as a value; what an earlier step laid stays', async () => {
    assert.match(await bodyOf(await start('twice', { data: { a: { z: 1 }, b: 'b', e: 'e' } })), /,2,,1,2,e/)
  })

  test('what does not render as a JSON object fails the run', async () => {
    const walked = await start('broken', { data: { a: 'text' } })
    await walked.tryToTheEnd()
    const data = { reason: 'data must render as a JSON object', fault: 'workflow' }
    assert.deepEqual((await walked.events()).at(-1), ['update_1', 'step_failed', data])
    assert.deepEqual(await walked.made(), [])
  })

  test('what renders as a JSON object that is nested too deep for the store fails, and says so', async () => {
    const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])
    const walked = await start('user', { recipient: randomUUID(), data: { set: { a: deep(100) } } })
    await walked.act()
    const reason = 'update_properties renders as JSON that is nested more than 100 levels deep'
    const [, , data] = (await walked.events()).at(-1)!
    assert.equal((data as { reason?: string }).reason, reason)
  })

  test('a user’s properties are merged at every depth, and the next step sees them', async () => {
    const recipient = randomUUID()
    const properties = { name: 'Ada', address: { city: 'London', zip: '1', street: 'x' } }
    await upsertUsers(store(), [{ id: recipient, properties }])
    const set = { address: { city: 'Paris', street: null }, plan: 'pro' }
    const walked = await start('user', { recipient, data: { set } })
    await walked.act()
    assert.deepEqual(await propertiesOf(recipient), {
      name: 'Ada',
      address: { city: 'Paris', zip: '1' },
      plan: 'pro',
    })
    assert.match(await bodyOf(walked), /Paris/)
    assert.deepEqual(await walked.events(), [
      ['update_1', 'step_decided', { updated: `gid://Object/$users/${recipient}` }],
    ])
  })

  test('who is not there is made, and preferences are merged into their set', async () => {
    const recipient = randomUUID()
    const preferences = (categories: object) => ({ default: { categories } })
    for (const categories of [{ a: false }, { b: true }]) {
      const walked = await start('user', { recipient, data: { set: { n: 1, preferences: preferences(categories) } } })
      await walked.act()
    }
    assert.deepEqual(await propertiesOf(recipient), { n: 1 })
    const merged = await findPreferenceSet(store(), recipient, 'default')
    assert.deepEqual(merged?.categories, { a: false, b: true })
  })

  test('a set stands in preferences itself, as Knock writes it, or below its id; one that is none fails the run', async () => {
    const laid = async (preferences: unknown) => {
      const recipient = randomUUID()
      const walked = await start('user', { recipient, data: { set: { preferences } } })
      await walked.act()
      await walked.tryToTheEnd()
      const reason = (await walked.events()).find(([ref]) => ref === 'update_1')?.[2]['reason']
      return reason ?? (await findPreferenceSet(store(), recipient, 'default'))
    }
    const set = { channel_types: { email: false }, commercial_subscribed: false }
    assert.deepEqual(await laid(set), set)
    assert.deepEqual(await laid({ default: set }), set)
    assert.match(
      JSON.stringify(await laid({ channel_types: { pigeon: false } })),
      /channel_types\.pigeon must be one of email/,
    )
  })

  test('what a step lays over a tenant is checked as the API does, and undoes nothing of their set', async () => {
    const tenant = randomUUID()
    const set = { channel_types: { email: false } }
    await upsertTenants(store(), [
      {
        id: tenant,
        properties: {},
        settings: { branding: { a: { b: 1 } }, preferenceSet: { strategy: 'merge', set } },
      },
    ])
    const laid = async (properties: object) => {
      const walked = await start('any_tenant', { tenant, data: { set: properties } })
      await walked.act()
      await walked.tryToTheEnd()
      return (await walked.events()).find(([ref]) => ref === 'update_1')?.[2]['reason']
    }
    const typo = { 'e-mail': false }
    assert.match(
      JSON.stringify(await laid({ settings: { preference_set: { channel_types: typo } } })),
      /update_properties\.settings\.preference_set\.channel_types\.e-mail must be one of email/,
    )
    assert.match(JSON.stringify(await laid({ name: 5 })), /update_properties\.name/)
    assert.equal(
      await laid({ preference_set: { workflows: { x: false } }, settings: { branding: { a: { c: 2 } } } }),
      undefined,
    )
    assert.equal(await laid({ preferences: { default: { categories: { y: false } } }, plan: 'pro' }), undefined)
    assert.deepEqual((await loadTenants(store(), [tenant])).get(tenant)?.properties, {
      plan: 'pro',
      settings: {
        branding: { a: { b: 1, c: 2 } },
        preference_set: { ...set, workflows: { x: false }, categories: { y: false } },
      },
    })
    assert.equal(await laid({ settings: { preference_set: null, branding: { a: null } } }), undefined)
    const left = (await loadTenants(store(), [tenant])).get(tenant)?.properties
    assert.deepEqual(left, { plan: 'pro', settings: { branding: {} } })
  })

  test('an object is named by its gid; a tenant is the run’s own, and without one the step is skipped', async () => {
    await (await start('object', { data: { project: 'p 1' } })).act()
    assert.deepEqual(await propertiesOf('projects#p 1'), { status: 'done' })

    const tenant = randomUUID()
    await upsertTenants(store(), [{ id: tenant, properties: { settings: { branding: { a: 1 } } } }])
    const walked = await start('tenant', { tenant })
    await walked.act()
    const stored = (await loadTenants(store(), [tenant])).get(tenant)?.properties
    assert.deepEqual(stored, {
      settings: { branding: { a: 1 }, preference_set: { channel_types: { in_app_feed: false } } },
    })
    assert.deepEqual(await walked.made(), [])

    const without = await start('tenant')
    await without.act()
    assert.deepEqual(await without.events(), [['update_1', 'step_skipped', { reason: 'the run has no tenant' }]])
    assert.deepEqual(await without.made(), ['feed_1'])
  })

  test('what cannot be updated fails the run, and says why', async () => {
    const much = 'x'.repeat(150_000)
    const recipient = randomUUID()
    await upsertUsers(store(), [{ id: recipient, properties: { first: much } }])
    const cases: [string, object, RegExp][] = [
      ['user', { data: { set: { email: 'none' } } }, /update_properties.email/],
      ['user', { data: { set: { channel_data: {} } } }, /channel_data cannot be updated/],
      ['user', { recipient, data: { set: { second: much } } }, /More than 262144 bytes/],
      ['user', { recipient: 'teams#x', data: { set: {} } }, /the recipient is an object/],
      ['other', { data: { gid: 'ada' } }, /recipient_gid must be as gid:/],
      ['other', { data: { gid: 'gid://Object/$tenants/x' } }, /names \$tenants, which update_user does not update/],
    ]
    for (const [key, given, reason] of cases) {
      const walked = await start(key, given)
      await walked.act()
      await walked.tryToTheEnd()
      assert.match(JSON.stringify(await walked.events()), reason)
      assert.deepEqual([(await walked.row()).errorCount, await walked.made()], [1, []])
    }
  })

  test('a run that is canceled while its worker dies updates nobody', async () => {
    const recipient = randomUUID()
    const key = randomUUID()
    const walked = await start('user', { recipient, key, data: { set: { n: 1 } } })
    const now = Date.now()
    await claimRows(store(), [{ ...(await walked.row()), claim: null }], 'another worker', {
      now,
      leaseUntil: now + 60_000,
    })
    await cancel(store(), catalog.definitions.get('user')!, key)
    await walked.act(now + 61_000)
    assert.deepEqual([await propertiesOf(recipient), (await walked.row()).status], [undefined, 'canceled'])
  })

  test('an update that came after a cancel is not told as one', async () => {
    const recipient = randomUUID()
    const walked = await start('user', { recipient, data: { set: { n: 1 } } })
    const { id } = await walked.row()
    const update = { collection: '$users', id: recipient, properties: { n: 1 } }
    const deps = { db: store(), now: Date.now, outbox: noOutbox }
    const answers = await updateFromSteps(deps, 'nobody', [{ walk: { row: { id } } as Walk, update }])
    assert.deepEqual(answers, [{ skipped: 'canceled before it was updated' }])
    assert.equal(await propertiesOf(recipient), undefined)
  })
})

test('updates that cannot work are refused, each with its field', async () => {
  const refused = async (type: string, settings: object) => {
    const steps = [step(type, settings), feed('Hi')]
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps } }))
    return problems.map(({ step: ref, field, message }) => `${ref} ${field}: ${message}`).join('; ')
  }
  const properties = { update_properties: '{}' }
  assert.match(await refused('update_data', { data: '' }), /update_1 settings.data: must not be empty/)
  assert.match(await refused('update_user', {}), /settings.update_properties/)
  assert.match(
    await refused('update_user', { ...properties, recipient_mode: 'reference' }),
    /recipient_gid: is missing/,
  )
  assert.match(await refused('update_user', { ...properties, recipient_gid: 'ada' }), /recipient_gid: must be as gid/)
})
