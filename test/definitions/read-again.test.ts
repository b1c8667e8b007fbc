import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { folderReader } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'

/** Longer than a change of a file counts as fresh. */
const SETTLED_MS = 2_200

const withFile = JSON.stringify({
  steps: [{ ref: 'feed_1', type: 'channel', channel_key: 'in-app', template: { 'markdown_body@': 'body.md' } }],
})

test('a folder that is read again reads what has changed, and keeps the rest as it was read', async () => {
  const folder = notificationsFolder({
    'plain/workflow.json': workflow(feedStep('feed_1')),
    'filed/workflow.json': withFile,
    'filed/body.md': 'Hi {{ vars.nowhere }}',
    'lacking/workflow.json': withFile,
    'gone/workflow.json': workflow(feedStep('feed_1')),
    'vars.json': '{}',
  })
  const write = (file: string, text: string) => writeFileSync(path.join(folder, file), text)
  await sleep(SETTLED_MS)
  const read = folderReader(folder)
  const first = await read()
  assert.deepEqual(
    [[...first.definitions.keys()].sort(), [...first.leftOut!.keys()]],
    [['filed', 'gone', 'plain'], ['lacking']],
  )

  const second = await read()
  for (const key of ['plain', 'filed']) assert.equal(second.definitions.get(key), first.definitions.get(key))
  assert.deepEqual(second.warnings, first.warnings)
  assert.equal(second.warnings?.length, 1)

  // A file that it refers to; one that was missing; a folder that is gone.
  write('filed/body.md', 'Ho {{ vars.nowhere }}')
  write('lacking/body.md', 'Hi')
  rmSync(path.join(folder, 'gone'), { recursive: true })
  const third = await read()
  assert.deepEqual([[...third.definitions.keys()], third.leftOut], [['filed', 'lacking', 'plain'], undefined])
  assert.notEqual(third.definitions.get('filed')!.hash, first.definitions.get('filed')!.hash)
  assert.equal(third.definitions.get('plain'), first.definitions.get('plain'))

  // What all of them rest on.
  write('vars.json', '{"nowhere": "here"}')
  const fourth = await read()
  assert.notEqual(fourth.definitions.get('plain')!.hash, first.definitions.get('plain')!.hash)
  assert.deepEqual(fourth.warnings, [])
})

test('a file that is changed again at once, to the same size, is read again', async () => {
  const folder = notificationsFolder({ 'filed/workflow.json': withFile, 'filed/body.md': 'a' })
  const read = folderReader(folder)
  await read()
  for (const text of ['b', 'c', 'd', 'e', 'f']) {
    writeFileSync(path.join(folder, 'filed/body.md'), text)
    const { definitions } = await read()
    assert.deepEqual(
      definitions.get('filed')!.definition.steps.map((step) => step.type === 'channel' && step.template),
      [{ markdownBody: text, actionUrl: null, actionButtons: [] }],
    )
  }
})
