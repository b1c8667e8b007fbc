import { Client, Connection } from '@temporalio/client'
import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import { startEmbedded } from '../../embedded/start.ts'
import { logOptions } from '../../settings/log.ts'
import { readSettings } from '../../settings/settings.ts'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { Belay } from '../../testing/product/belay.ts'
import { productSettings } from '../../testing/product/product.ts'
import { testBundle } from '../../testing/servers/bundle.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { installRuntime } from '../../worker/runtime.ts'

const MARKER = 'Zimmer-4711-Grete'

/** One of every kind: lock, statement, deadlock, serialisation, value, constraint, schema, disk, shutdown, connection, fault. */
const CODES = ['55P03', '57014', '40P01', '40001', '22P02', '23505', '42804', '53100', '57P01', '08006', 'XX000']

const REFUSED = ['22P02', '23505', '42804']

/** While a code is listed, the database refuses rows whose text names it, and quotes them as its own errors do. */
const refusals = (table: string, column: string) =>
  sql.raw(`
  create or replace function refuse_${table}() returns trigger language plpgsql as $$
  declare listed text;
  begin
    select code into listed from refusals where new.${column}::text like '%code-' || code || '-%' limit 1;
    if listed is not null then
      raise exception 'refused: %', new.${column}::text using errcode = listed, detail = new.${column}::text;
    end if;
    return new;
  end $$;
  create trigger refuse before insert on ${table} for each row execute function refuse_${table}()`)

test('no store failure of any kind carries text of a message into a history, into the log, or into an answer', async (t) => {
  const database = await testPostgres()
  const folder = notificationsFolder({ 'letter/workflow.json': workflow(feedStep('now', '{{ data.text }}')) })
  const env = await productSettings(t, { notifications: folder, env: { DATABASE_URL: database.url } })
  let logged = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString()
      done()
    },
  })
  const log = pino({ ...logOptions, level: 'debug' }, stream)
  await installRuntime(log)
  const running = await startEmbedded(readSettings(env), log, { bundle: await testBundle() })
  const store = openPostgres(database.url)
  const { db } = store
  const connection = Connection.lazy({ address: running.temporalAddress })
  const temporal = new Client({ connection, namespace: running.namespace })
  t.after(async () => {
    await connection.close()
    await running.stop()
    await store.close()
    await database.drop()
  })
  const belay = new Belay(() => running.apiUrl, SECRET_KEY)
  await query(db, sql`create table refusals (code text)`)
  await query(db, sql`insert into refusals select jsonb_array_elements_text(${JSON.stringify(CODES)}::text::jsonb)`)
  const trigger = (code: string, key: string) =>
    belay.request<object>('POST', '/v1/workflows/letter/trigger', {
      recipients: [{ id: 'ada', name: MARKER }],
      cancelation_key: key,
      data: { text: `code-${code}- ${MARKER}` },
    })

  // In the worker: the message cannot be written.
  await query(db, refusals('messages', 'content'))
  for (const code of CODES) assert.equal((await trigger(code, code)).status, 200)
  for (const code of CODES) await until(`the worker met ${code}`, () => logged.includes(`SQLSTATE ${code}`), 120_000)
  const pending = await Promise.all(CODES.map((code) => temporal.workflow.getHandle(`letter/${code}`).describe()))
  assert.ok(pending.some(({ raw }) => (raw.pendingActivities ?? []).some(({ lastFailure }) => lastFailure !== null)))

  // In the api: the trigger cannot be written.
  await query(db, refusals('triggers', 'data'))
  for (const code of CODES) {
    const { status, body } = await trigger(code, `api-${code}`)
    const expected = [...REFUSED, 'XX000'].includes(code) ? 500 : 503
    assert.equal(status, expected, `${code}: ${JSON.stringify(body)}`)
    assert.ok(!JSON.stringify(body).includes(MARKER))
  }

  await query(db, sql`delete from refusals`)
  const isOver = ({ status }: { status: { name: string } }) => status.name !== 'RUNNING'
  for (const code of CODES) {
    const handle = temporal.workflow.getHandle(`letter/${code}`)
    // What is refused for good ends otherwise, or waits for a person.
    if (!REFUSED.includes(code)) await until(`${code} is over`, async () => isOver(await handle.describe()), 240_000)
    const { events } = await handle.fetchHistory()
    const text = JSON.stringify(events, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
    for (const part of [MARKER, Buffer.from(MARKER).toString('base64').slice(4, 16)])
      assert.ok(!text.includes(part), code)
  }
  for (const each of pending) {
    const failures = JSON.stringify((each.raw.pendingActivities ?? []).map(({ lastFailure }) => lastFailure))
    assert.ok(!failures.includes(MARKER), failures)
  }
  assert.ok(
    !logged.includes(MARKER),
    logged.split('\n').find((line) => line.includes(MARKER)),
  )
})
