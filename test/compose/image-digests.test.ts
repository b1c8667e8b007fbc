import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { composeFile, root } from './compose-file.ts'

interface Pinned {
  image?: string
  build?: { args: { NODE_IMAGE: string } }
}

const text = (path: string) => readFileSync(new URL(path, root), 'utf8')
const pinned = (parse(text('ops/image-digests.yml')) as { services: Record<string, Pinned> }).services
const { services } = composeFile()

/** `tag` names the same releases as `wider` or fewer of them: 18.6 of 18, 22.23.3-bookworm-slim of 22-bookworm-slim. */
function isOf(tag: string, wider: string): boolean {
  const [version, ...variant] = tag.split('-')
  const [release, ...rest] = wider.split('-')
  return variant.join() === rest.join() && (version === release || version!.startsWith(`${release}.`))
}

test('every image of others has its digest in ops/image-digests.yml, of the tag that docker-compose.yml names', () => {
  assert.deepEqual(Object.keys(pinned).sort(), Object.keys(services).sort())
  for (const [name, { image }] of Object.entries(services)) {
    if (image.startsWith('belay:')) continue
    const [, repository, tag] = /^(\S+):([\w.-]+)@sha256:[0-9a-f]{64}$/.exec(pinned[name]!.image!)!
    const [named, wider] = image.split(':')
    assert.equal(repository, named, name)
    assert.ok(isOf(tag!, wider!), `${name}: ${tag!} is no ${wider!}`)
  }
})

test('the image of ours is built there on a digest of the Node that the Dockerfile names', () => {
  const [, wider] = /^ARG NODE_IMAGE=node:(\S+)$/m.exec(text('Dockerfile'))!
  const ours = Object.keys(services).filter((name) => services[name]!.image.startsWith('belay:'))
  assert.equal(ours.length, 3)
  for (const name of ours) {
    const { image, build } = pinned[name]!
    assert.equal(image, undefined, name)
    const [, tag] = /^node:([\w.-]+)@sha256:[0-9a-f]{64}$/.exec(build!.args.NODE_IMAGE)!
    assert.ok(isOf(tag!, wider!), `${name}: ${tag!} is no ${wider!}`)
  }
})

test('one image has one digest, wherever it is used', () => {
  const digests = new Map<string, Set<string>>()
  for (const { image, build } of Object.values(pinned)) {
    const [name, digest] = (image ?? build!.args.NODE_IMAGE).split('@')
    digests.set(name!, (digests.get(name!) ?? new Set()).add(digest!))
  }
  for (const [name, all] of digests) assert.equal(all.size, 1, name)
})
