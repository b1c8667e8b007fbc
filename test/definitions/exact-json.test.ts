import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'

const steps =
  '"steps": [{ "ref": "feed_1", "type": "channel", "channel_type": "in_app_feed", "template": { "markdown_body": "Hi" } }]'
const inexact = 'is not exact as a number; send it as a text'

test('what an author’s JSON says otherwise than it would be read is told by file, line and field', async () => {
  const problems = await problemsOf(
    notificationsFolder({
      'hello/workflow.json': `{\n  "name": "Hello",\n  ${steps},\n  "name": "Bye",\n  "trigger_data_json_schema": { "maximum": 1234567890123456789 }\n}`,
      'vars.json': '{\n  "order": 1234567890123456789\n}',
      'translations/en/en.json': '{\n  "hi": "Hi",\n  "count": { "a": 1e999 },\n  "hi": "Ho"\n}',
    }),
  )
  assert.deepEqual(
    problems.map(({ file, line, field, message }) => [file, line, field, message]),
    [
      ['vars.json', 2, 'order', inexact],
      ['translations/en/en.json', 3, 'count.a', inexact],
      ['translations/en/en.json', 2, 'hi', 'is given twice'],
      ['hello/workflow.json', 2, 'name', 'is given twice'],
      ['hello/workflow.json', 5, 'trigger_data_json_schema.maximum', inexact],
    ],
  )
})

test('JSON that nests too deep ends nothing: its file is told', async () => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  const files = { 'hello/workflow.json': deep, 'vars.json': deep, 'translations/en/en.json': deep }
  const problems = await problemsOf(notificationsFolder(files))
  assert.deepEqual(new Set(problems.map(({ file }) => file)), new Set(Object.keys(files)))
  for (const { message } of problems) assert.match(message, /nested more than 100 levels deep/)
})
