import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readObjectFile } from '../../json/object-file.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

const file = join(temporaryFolder(), 'data.json')
const read = (content: string | Buffer) => {
  writeFileSync(file, content)
  return readObjectFile(file)
}
const refusal = async (content: string | Buffer) => {
  const error = await read(content).then(
    () => assert.fail(`taken: ${content.toString()}`),
    (thrown: unknown) => thrown as Error,
  )
  return error.message.replaceAll(file, 'data.json')
}

test('a file of data is refused where the api would refuse it as a body, by the name of its field', async () => {
  assert.equal(await refusal(Buffer.from('{"name":"J\xf6rg"}', 'latin1')), 'data.json is not UTF-8 text')
  const inexact = 'is not exact as a number; send it as a text'
  assert.equal(await refusal('{"order":{"ids":[1234567890123456789]}}'), `data.json: order.ids[0] ${inexact}`)
  assert.equal(await refusal('{"a":1e999}'), `data.json: a ${inexact}`)
  assert.equal(await refusal('{"a":1,"\\u0061":2}'), 'data.json: a is given twice')
  assert.match(await refusal('{"a":"\\u0000"}'), /^data\.json: a holds the character U\+0000/)
  assert.match(await refusal('{"a":"\\ud83d"}'), /^data\.json: a holds half of a surrogate pair/)
  assert.match(await refusal(`{"a":${'['.repeat(200)}${']'.repeat(200)}}`), /more than 100 levels deep$/)
  assert.equal(await refusal('{"a":\n'), 'data.json is not JSON: line 2: a value is missing before the end')
  for (const other of ['[]', 'null', '"text"', '1'])
    assert.equal(await refusal(other), 'data.json must hold a JSON object')
  await assert.rejects(readObjectFile(`${file}.none`), /data\.json\.none cannot be read: ENOENT/)
})

test('what it holds is read as it is written, with a byte order mark or without', async () => {
  assert.deepEqual(
    await read('\ufeff{"name":"Jörg","n":0.1,"__proto__":1}'),
    JSON.parse('{"name":"Jörg","n":0.1,"__proto__":1}'),
  )
})
