import { createHash } from 'node:crypto'
import { v5 } from 'uuid'
import type { Definition, DefinitionVersion } from './definition.ts'

/** Under it a channel's id is made of its key, and a version's of its hash. Fixed for ever: stored rows hold such ids. */
const NAMESPACE = '3f0f6b0c-5d0a-4a0e-9d8e-6c1f4b7a2e95'

/** The same name, the same UUID (version 5), for ever: ids of channels and versions rest on it. */
export function uuidOf(name: string): string {
  return v5(name, NAMESPACE)
}

/** Its hash is of what is compiled, by canonical JSON: files that mean the same are one version. */
export function versionOf(definition: Definition): DefinitionVersion {
  const hash = createHash('sha256').update(canonicalJson(definition)).digest('hex')
  return { hash, versionId: uuidOf(hash), definition }
}

/** JSON with the keys of every object sorted: the same content gives the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
