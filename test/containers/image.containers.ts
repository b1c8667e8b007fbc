import assert from 'node:assert/strict'
import { test } from 'node:test'
import { docker } from '../../testing/containers/docker.ts'
import { container } from '../../testing/containers/stack.ts'

const MOST_MB = 180
const LABEL = 'org.opencontainers.image'

interface Image {
  Size: number
  Config: { Labels: Record<string, string> }
}

const inspect = async (name: string) => (JSON.parse(await docker('image', 'inspect', name)) as [Image])[0]

test('the image says what it is, and is at most 180 MB on top of its base', async (t) => {
  const { id } = await container('api')
  const image = await inspect(await docker('inspect', '-f', '{{.Image}}', id))
  const labels = image.Config.Labels
  assert.equal(labels[`${LABEL}.title`], 'Belay')
  assert.match(labels[`${LABEL}.version`]!, /^\d+\.\d+\.\d+$/)
  const base = await inspect(labels[`${LABEL}.base.name`]!)
  const megabytes = (image.Size - base.Size) / 1_000_000
  t.diagnostic(`${megabytes.toFixed(0)} MB on top of the base`)
  assert.ok(megabytes <= MOST_MB, `${megabytes.toFixed(0)} MB`)
})
