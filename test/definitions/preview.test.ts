import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writePreview } from '../../definitions/preview.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

test('a preview writes each message of a definition and a page that shows them', async () => {
  const { definitions } = await readCatalog('notifications')
  const out = temporaryFolder()
  const { definition } = definitions.get('new-user-invited')!
  assert.deepEqual(await writePreview(definition, { data: {}, recipient: { id: 'ada', name: 'Ada' }, out }), [])
  assert.deepEqual(readdirSync(out).sort(), ['email_1.html', 'email_1.txt', 'in_app_feed_1.json', 'index.html'])
  assert.match(readFileSync(join(out, 'index.html'), 'utf8'), /<h2>email_1 \(email\)<\/h2>/)
})
