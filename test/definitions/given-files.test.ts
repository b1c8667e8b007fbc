import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemLine } from '../../definitions/problem.ts'
import { readFolder } from '../../definitions/read-catalog.ts'
import { givenFolder, withGivenFiles } from '../../testing/fixtures/given-files.ts'

/** Samples that are refused, with the reason. Every other file loads. */
const refused: Record<string, RegExp> = {
  'channel-guide': /channel_type: in_app_guide is not supported: guides are shown by a client of their own/,
  'conditions-audience':
    /is_audience_member is not supported: Belay has no audiences; keep the membership in a property/,
  'step-ai-agent': /type: ai_agent is not supported: let a http_fetch step ask/,
  'step-wait-audience': /event\.event_type: audiences are not supported: post an event of your own/,
}

test('every given workflow file loads, but those that ask for what Belay will not do', withGivenFiles, async () => {
  const { folder, templates, samples } = givenFolder()
  assert.deepEqual([templates.length, samples.length], [10, 100])
  const { definitions, leftOut } = await readFolder(folder)
  const why = [...(leftOut ?? [])].map(([key, problems]) => [key, problems.map(problemLine)] as const)
  assert.deepEqual(
    why.map(([key]) => key),
    Object.keys(refused).sort(),
    why.map(([, lines]) => lines.join('\n')).join('\n'),
  )
  for (const [key, lines] of why) {
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0]!, refused[key]!)
  }
  assert.equal(definitions.size, 110 - why.length)
})
