import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const catalog = catalogOf(testVersion('invite', ['wait', 'mail']))

const logged: Record<string, unknown>[] = []
let api: ApiServer
before(async () => {
  api = await startApi(catalog)
  const sink = new Writable({
    write(line: Buffer, _encoding, done) {
      logged.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  api.deps.log = pino({ level: 'warn' }, sink)
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

const trigger = (body: object) =>
  api.call('POST', '/v1/workflows/invite/trigger', { body: { recipients: ['ada'], ...body } })

test('a trigger with a field that is unknown is accepted, and a header names it', async () => {
  const answer = await trigger({ campaign: 'spring', settings: { colour: 'red' } })
  assert.equal(answer.status, 200)
  assert.equal(
    answer.headers.get('belay-warning'),
    '"campaign" is not a field of this request and was ignored; "settings.colour" is not a field of this request and was ignored',
  )
})

for (const [field, meant] of [
  ['cancellation_ky', 'cancelation_key'],
  ['cancelationKey', 'cancelation_key'],
  ['recipient', 'recipients'],
  ['tenant_id', 'tenant'],
] as const) {
  test(`${field} is asked about as ${meant}, and logged with the trigger`, async () => {
    const answer = await trigger({ [field]: 'x' })
    const expected = `"${field}" was ignored: did you mean "${meant}"?`
    assert.equal(answer.headers.get('belay-warning'), expected)
    const { workflow_run_id } = answer.body as TriggerAnswer
    const line = logged.find((each) => each['workflow_run_id'] === workflow_run_id)
    assert.deepEqual(line?.['unknown'], [{ field, meant }])
  })
}

test('a trigger that is all known has no such header, and neither has what stands in data', async () => {
  const answer = await trigger({ data: { cancellation_ky: 1 }, settings: { skip_delay: false }, cancelation_key: 'k' })
  assert.equal(answer.headers.get('belay-warning'), null)
})

test('hundreds of unknown fields, long ones and odd ones, make one short header', async () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`ünknöwn\n${'x'.repeat(index)}`, 1]))
  const warning = (await trigger(many)).headers.get('belay-warning')!
  assert.ok(warning.length < 2_000)
  assert.match(warning, /^[\x20-\x7e]+$/)
})
