import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import pg from 'pg'
import { pino } from 'pino'
import { logOptions } from '../../settings/log.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const MARKER = 'Grüße an Ada, Zimmer 4711'

/** What a log holds of an error, as text. */
function logged(err: unknown): string {
  let text = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  pino(logOptions, stream).error({ err }, 'failed')
  return text
}

const thrownBy = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('errors of the database, of Drizzle and of JSON are logged without what they quote', async (t) => {
  const database = await testPostgres()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  t.after(async () => {
    await client.end()
    await database.drop()
  })
  const errors = [
    await thrownBy(() => client.query('select $1::text::int', [MARKER])),
    await thrownBy(() => drizzle(client).execute(sql`select ${MARKER}::text::jsonb`)),
    await thrownBy(() => JSON.parse(MARKER)),
    new Error('carried out', { cause: await thrownBy(() => client.query('select $1::text::uuid', [MARKER])) }),
    Object.assign(new Error('a field'), { params: [MARKER], detail: MARKER }),
  ]
  for (const error of errors) {
    const text = logged(error)
    for (const part of ['Grüße', '4711']) assert.ok(!text.includes(part), text)
    assert.ok(text.includes('"type":'), text)
  }
  assert.match(logged(errors[0]), /"code":"22P02"/)
})

test('an error of the engine keeps its message and the lines of its stack', () => {
  const { err } = JSON.parse(logged(new TypeError('x is not a function'))) as { err: Record<string, string> }
  assert.deepEqual([err['type'], err['message']], ['TypeError', 'x is not a function'])
  assert.match(err['stack']!, /^ {4}at .*log-error\.test\.ts/)
})
