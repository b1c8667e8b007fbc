import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { channelTypes } from '../../channels/registry.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { fax } from '../../testing/fixtures/trial-channel/type.ts'

// One line in the registry is all that a channel type needs: what reads the registry is imported after it.
Object.assign(channelTypes, { fax })
const { writePreview } = await import('../../definitions/preview.ts')
const { readCatalog } = await import('../../definitions/read-catalog.ts')
const { rehearse } = await import('../../rehearsal/rehearse.ts')
const { notificationsFolder, problemsOf } = await import('../../testing/fixtures/notifications-folder.ts')
const { until } = await import('../../testing/fixtures/until.ts')
const { startProduct } = await import('../../testing/product/product.ts')
const { httpReceiver } = await import('../../testing/servers/http-receiver.ts')

const ada = { id: 'ada', name: 'Ada', fax_number: '+14155552671' }
const step = {
  ref: 'fax_1',
  type: 'channel',
  channel_type: 'fax',
  channel_overrides: { colour: true },
  template: { page: 'Hello {{ recipient.name }}' },
}
const filesOf = (...steps: object[]) => ({
  'channels.json': { office: { type: 'fax', provider: 'wire', settings: { api_url: '$FAX_URL' } } },
  'faxed/workflow.json': { steps },
})

test('a channel type with a folder and a line in the registry is sent through its provider', async (t) => {
  const machine = await httpReceiver((response) => response.writeHead(202).end())
  t.after(() => machine.close())
  process.env['FAX_URL'] = machine.url
  const notifications = notificationsFolder(filesOf(step))
  const { belay } = await startProduct(t, { notifications, env: { BELAY_HTTP_ALLOW_PRIVATE: 'true' } })
  await belay.putUser('shy', { preferences: { default: { channel_types: { fax: false } } } })
  const { workflow_run_id: run } = await belay.trigger('faxed', { recipients: [ada, 'shy', 'nobody'] })
  const messages = await until('both messages are settled', async () => {
    const found = await belay.messages({ workflow_run_id: run })
    return found.filter(({ status }) => status !== 'queued').length === 2 && found
  })
  assert.deepEqual(messages.map(({ recipient, status }) => [recipient, status]).sort(), [
    ['ada', 'sent'],
    ['nobody', 'not_sent'],
  ])
  assert.deepEqual(
    machine.requests.map(({ url, body }): [string, unknown] => [url, JSON.parse(body)]),
    [['/faxes', { to: ada.fax_number, page: 'Hello Ada', colour: true }]],
  )
  const { id } = messages.find(({ status }) => status === 'sent')!
  const { data } = await belay.get<{ data: object }>(`/v1/messages/${id}/content`)
  assert.deepEqual(data, { __typename: 'MessageFaxContent', page: 'Hello Ada', colour: true })
})

test('its part of a file is checked as any other, and its type may be missing', async () => {
  const { channel_type: _type, ...older } = step
  assert.deepEqual(await problemsOf(notificationsFolder(filesOf(older))), [])
  const wrong = { ...step, template: { page: '{{', pages: 2 }, channel_overrides: { color: true } }
  const problems = await problemsOf(notificationsFolder(filesOf(wrong)))
  assert.deepEqual(problems.map(({ field }) => field).sort(), [
    'channel_overrides.color',
    'template.page',
    'template.pages',
  ])
})

test('it is shown by a preview, and in a rehearsal', async () => {
  const catalog = await readCatalog(notificationsFolder(filesOf(step)))
  const out = temporaryFolder()
  await writePreview(catalog.definitions.get('faxed')!.definition, { data: {}, recipient: ada, out })
  assert.equal(readFileSync(join(out, 'fax_1.txt'), 'utf8'), 'Hello Ada')
  const entries = await rehearse(catalog, {
    workflow: 'faxed',
    start: Date.parse('2026-06-01T12:00:00Z'),
    happenings: [{ after: 0, kind: 'trigger', body: { recipients: [ada] } }],
  })
  assert.deepEqual(
    entries.filter(({ label }) => label === 'fax_1').map(({ text }) => text),
    ['fax: Hello Ada', 'sent to +14155552671'],
  )
})
