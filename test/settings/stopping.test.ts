import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runScript } from '../../testing/servers/process.ts'

const throws = fileURLToPath(new URL('../../testing/servers/throws.ts', import.meta.url))

for (const [way, said] of [
  ['throws', 'an error that nothing handles'],
  ['rejects', 'a rejected promise that nothing awaits'],
] as const) {
  test(`a process in which something ${way} unseen logs it with its class, finishes and ends with 1`, async () => {
    const script = runScript(throws, [way])
    assert.equal(await script.ended, 1)
    const [line, finished] = script.output().trim().split('\n')
    const { level, err, msg, ...rest } = JSON.parse(line!) as Record<string, unknown>
    assert.deepEqual([level, rest['class'], msg, finished], [60, 'RangeError', said, 'finished'])
    assert.equal((err as { message: string }).message, 'out of it')
  })
}

test('a process that was asked to stop finishes and ends with 0', async () => {
  const script = runScript(throws, ['emits'])
  assert.equal(await script.ended, 0)
  assert.equal(script.output(), 'finished\n')
})
