import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DefinitionsError } from '../../definitions/problem.ts'
import { readFolder } from '../../definitions/read-catalog.ts'
import { LiveCatalog } from '../../engine/live-catalog.ts'
import { currentDefinitions } from '../../store/schema/index.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { startApi } from '../../testing/product/api-server.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const saying = (text: string) => workflow(feedStep('feed_1', text))
const empty = { definitions: new Map(), channels: [] }

onEachStore(empty, (db) => {
  test('a reload is taken up by who looks, and a half-written folder keeps all that was before', async () => {
    const folder = notificationsFolder({ 'one/workflow.json': saying('A'), 'two/workflow.json': saying('B') })
    const write = (name: string, content: object | string) =>
      writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
    const catalog = await readFolder(folder)
    const asked = new LiveCatalog({ db: db(), catalog, read: () => readFolder(folder) })
    const other = new LiveCatalog({ db: db(), catalog })
    await asked.publish()
    await other.publish()
    assert.equal(await other.look(), false)

    write('one/workflow.json', saying('A again'))
    const first = await asked.reload()
    assert.deepEqual([first.added, first.changed, first.removed], [[], ['one'], []])
    assert.equal(await other.look(), true)
    const hash = asked.current.definitions.get('one')!.hash
    assert.deepEqual(other.current.definitions.get('one'), asked.current.definitions.get('one'))
    assert.notEqual(hash, catalog.definitions.get('one')!.hash)

    write('one/workflow.json', '{ "steps": [')
    write('two/workflow.json', saying('B again'))
    await assert.rejects(asked.reload(), DefinitionsError)
    assert.match(asked.warnings()[0]!, /^not taken up, what was before stays: one\/workflow\.json:1: /)
    assert.equal(await other.look(), false)
    assert.equal(asked.current.definitions.get('one')!.hash, hash)

    write('one/workflow.json', saying('A again'))
    assert.deepEqual((await asked.reload()).changed, ['two'])
    assert.deepEqual(asked.warnings(), [])
  })

  test('who is left out at a start is not archived: who sleeps in it sleeps on', async () => {
    const before = await readFolder(notificationsFolder({ 'kept/workflow.json': saying('A') }))
    await new LiveCatalog({ db: db(), catalog: before }).publish()
    const torn = { 'kept/workflow.json': '{', 'fine/workflow.json': saying('A') }
    await new LiveCatalog({ db: db(), catalog: await readFolder(notificationsFolder(torn)) }).publish()
    const rows = await db().select().from(currentDefinitions)
    const found = new Map(rows.map(({ key, archived }) => [key, archived]))
    assert.deepEqual([found.get('kept'), found.get('fine'), found.get('one')], [false, false, true])
  })
})

test('a trigger of what is left out is 422 workflow_invalid with every reason; the others are accepted', async () => {
  const folder = notificationsFolder({
    'torn/workflow.json': '{',
    'wrong/workflow.json': workflow({ ...feedStep('feed_1', ''), surprise: 1 }),
    'fine/workflow.json': saying('A'),
  })
  const api = await startApi(await readFolder(folder))
  try {
    const trigger = (key: string) => api.call('POST', `/v1/workflows/${key}/trigger`, { body: { recipients: ['ada'] } })
    const { status, body } = await trigger('wrong')
    const { code, errors } = body as { code: string; errors: { field: string }[] }
    assert.deepEqual([status, code], [422, 'workflow_invalid'])
    assert.deepEqual(
      errors.map(({ field }) => field),
      ['wrong/workflow.json:1, step feed_1, template.markdown_body', 'wrong/workflow.json:1, step feed_1, surprise'],
    )
    assert.equal((await trigger('torn')).status, 422)
    const cancel = await api.call('POST', '/v1/workflows/torn/cancel', { body: { cancelation_key: 'k' } })
    assert.equal(cancel.status, 200)
  } finally {
    await api.close()
  }
})
