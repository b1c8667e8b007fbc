import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { putChannelData } from '../../store/profiles/channel-data.ts'
import { upsertObjects } from '../../store/profiles/objects.ts'
import { upsertTenants } from '../../store/profiles/tenants.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { catalogOfFiles, startWalk, type Walked } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const NOON = Date.UTC(2030, 0, 31, 12)

const feed = (body: string) => ({
  ref: 'feed_1',
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: body },
})
const only = (body: string) => ({ steps: [feed(body)] })
/** Shows each of these as JSON, by its name. */
const all = (...names: string[]) =>
  only(`{${names.map((name) => `${JSON.stringify(name)}: {{ ${name} | json }}`).join(', ')}}`)

const catalog = await catalogOfFiles(
  {
    people: all('recipient', 'actor', 'tenant', 'actors', 'total_actors'),
    run: all(
      ...['timestamp', 'workflow_run_id', 'workflow', 'current_message', 'total_activities', 'activities[0]'],
      ...['vars', 'data', 'title', 'recipient.id'],
    ),
    loaders: only(
      '{% assign owner = data.owner | user %}{% assign project = owner.project | object: "projects" %}' +
        '{% assign firm = project.firm | tenant %}{% assign none = "nobody" | user %}' +
        '{{ owner.name }} of {{ project.name }}, {{ firm.name }}[{{ none.name }}]{{ owner | json }}',
    ),
    many: only('{% for id in data.ids %}{% assign u = id | user %}{{ u.name }}{% endfor %}'),
    endless: only(
      '{% assign u = data.first | user %}{% for n in (1..9) %}{% assign u = u.next | user %}{% endfor %}{{ u.name }}',
    ),
    conditional: {
      steps: [
        {
          ref: 'throttle_1',
          type: 'throttle',
          settings: {
            throttle_key: '{% assign u = "a" | user %}{{ u.id }}',
            throttle_window: { unit: 'hours', value: 1 },
          },
        },
        feed('Hi'),
      ],
    },
    data: {
      steps: [
        {
          ref: 'data_1',
          type: 'update_data',
          settings: { data: '{% assign u = data.owner | user %}{"name": {{ u.name | json }}}' },
        },
        feed('{{ data.name }}'),
      ],
    },
    zones: only('{{ timestamp | date: "%H:%M %Z", recipient.timezone }}'),
  },
  { 'vars.json': { app: 'Belay', branding: { primary_color: '#123456', logo: 'ours.png' } } },
)

onEachStore(catalog, (store) => {
  const start = (key: string, given: Parameters<typeof startWalk>[3] = {}) =>
    startWalk(store(), catalog, key, { now: NOON, ...given })
  const shown = async (walked: Walked) => {
    const [message] = await walked.messages()
    return (message!.content as { blocks: { content: string }[] }).blocks[0]!.content
  }
  /** What is shown under a path: the name as the template has it, then those of its fields. */
  const seen = async (walked: Walked) => {
    const all = JSON.parse(await shown(walked)) as Record<string, unknown>
    return (...path: string[]) =>
      path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name], all)
  }
  const isInstant = (value: unknown) => assert.match(String(value), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

  test('a user, an actor and a tenant show their properties, when they were made, and the user’s preferences', async () => {
    const [ada, bob, acme] = [randomUUID(), randomUUID(), randomUUID()]
    const preferences = { default: { strategy: 'replace', set: { categories: { news: false } } } } as never
    await upsertUsers(store(), [
      { id: ada, properties: { name: 'Ada' }, preferences },
      { id: bob, properties: { name: 'Bob', created_at: '2020-01-01T00:00:00Z' } },
    ])
    await upsertTenants(store(), [{ id: acme, properties: { name: 'Acme' } }])
    const of = await seen(await start('people', { recipient: ada, actor: bob, tenant: acme }))
    isInstant(of('recipient', 'created_at'))
    isInstant(of('tenant', 'created_at'))
    assert.deepEqual([of('recipient', 'name'), of('actor', 'name'), of('tenant', 'name')], ['Ada', 'Bob', 'Acme'])
    assert.equal(of('recipient', 'preferences', 'default', 'categories', 'news'), false)
    assert.equal(of('actor', 'created_at'), '2020-01-01T00:00:00Z')
    assert.deepEqual([of('actors'), of('total_actors')], [[of('actor')], 1])
  })

  test('an object is a recipient like a user, and who was never stored shows an id alone', async () => {
    const project = randomUUID()
    await upsertObjects(store(), [{ collection: 'projects', id: project, properties: { name: 'Moon' } }])
    const of = await seen(await start('people', { recipient: `projects#${project}` }))
    isInstant(of('recipient', 'created_at'))
    const { created_at: _at, ...rest } = of('recipient') as Record<string, unknown>
    assert.deepEqual(rest, { id: project, collection: 'projects', name: 'Moon' })
    assert.deepEqual([of('actor'), of('actors'), of('tenant')], [null, [], null])
    const nobody = randomUUID()
    assert.deepEqual((await seen(await start('people', { recipient: nobody })))('recipient'), { id: nobody })
  })

  test('the run shows its ids, its activity, and the store’s clock; a tenant’s branding lies over that of vars.json', async () => {
    const acme = randomUUID()
    await upsertTenants(store(), [{ id: acme, properties: {}, settings: { branding: { primary_color: '#ff0000' } } }])
    const walked = await start('run', { tenant: acme, data: { title: 'T' }, key: 'key-1' })
    const of = await seen(walked)
    const at = '2030-01-31T12:00:00.000Z'
    assert.equal(of('timestamp'), at)
    assert.deepEqual(of('current_message'), { id: walked.messageId(0), inserted_at: at })
    const { run_id, recipient_run_id, ...workflow } = of('workflow') as Record<string, unknown>
    assert.equal(run_id, of('workflow_run_id'))
    assert.deepEqual([workflow['key'], workflow['cancellation_key']], ['run', 'key-1'])
    assert.deepEqual([workflow['commercial'], workflow['override_preferences']], [false, false])
    const activity = of('activities[0]') as Record<string, unknown>
    assert.equal(activity['id'], recipient_run_id)
    assert.deepEqual([activity['title'], activity['data'], activity['inserted_at']], ['T', { title: 'T' }, at])
    assert.deepEqual([of('total_activities'), of('title')], [1, 'T'])
    const branding = { primary_color: '#ff0000', primary_color_contrast: '#ffffff', logo: 'ours.png' }
    assert.deepEqual(of('vars'), { app: 'Belay', branding })
  })

  test('templates show any user, object and tenant by id, one found through the other, and never their channel data', async () => {
    const [ada, moon, acme] = [randomUUID(), randomUUID(), randomUUID()]
    await upsertUsers(store(), [{ id: ada, properties: { name: 'Ada', project: moon } }])
    await putChannelData(store(), [{ recipient: ada, channels: { [randomUUID()]: { tokens: ['secret-token'] } } }])
    await upsertObjects(store(), [{ collection: 'projects', id: moon, properties: { name: 'Moon', firm: acme } }])
    await upsertTenants(store(), [{ id: acme, properties: { name: 'Acme' } }])
    const text = await shown(await start('loaders', { data: { owner: ada } }))
    assert.match(text, /^Ada of Moon, Acme\[\]/)
    assert.doesNotMatch(text, /secret-token/)
    const owner = JSON.parse(text.slice(text.indexOf('{'))) as Record<string, unknown>
    isInstant(owner['created_at'])
    assert.deepEqual(Object.keys(owner).sort(), ['created_at', 'id', 'name', 'project'])
    // An object's key is no user's id.
    assert.match(await shown(await start('loaders', { data: { owner: `projects#${moon}` } })), /^ of , \[\]/)
  })

  test('a hundred may be asked for, and found by one another a few times over; beyond the run fails, saying so', async () => {
    const ids = Array.from({ length: 101 }, () => randomUUID())
    await upsertUsers(
      store(),
      ids.map((id, n) => ({ id, properties: { name: 'x', next: ids[n + 1] ?? '' } })),
    )
    assert.equal(await shown(await start('many', { data: { ids: ids.slice(1) } })), 'x'.repeat(100))
    const reasonOf = async (walked: Walked) => JSON.stringify(await walked.events())
    assert.match(await reasonOf(await start('many', { data: { ids } })), /more than 100 users/)
    assert.match(await reasonOf(await start('endless', { data: { first: ids[0]! } })), /too many times over/)
  })

  test('steps that lay data see them too; where a text decides the way, they are refused', async () => {
    const ada = randomUUID()
    await upsertUsers(store(), [{ id: ada, properties: { name: 'Ada' } }])
    assert.equal(await shown(await start('data', { data: { owner: ada } })), 'Ada')
    const [[, , skipped]] = (await (await start('conditional')).events()) as [[string, string, { reason: string }]]
    assert.match(skipped.reason, /user cannot be used here/)
  })

  test('a recipient’s zone that is none is told among the run’s events, and UTC is shown', async () => {
    const recipient = randomUUID()
    await upsertUsers(store(), [{ id: recipient, properties: { timezone: 'Mars/Olympus' } }])
    const walked = await start('zones', { recipient })
    assert.equal(await shown(walked), '12:00 UTC')
    const warnings = ['the time zone "Mars/Olympus" is not known: UTC is shown']
    assert.deepEqual(await walked.events(), [['feed_1', 'step_warned', { warnings }]])
  })
})
