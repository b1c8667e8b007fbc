import type { JsonObject } from '../store/schema/index.ts'

/** These fields of a content, empty where it has none: an address is not known before the send, and clients require one. */
export function filledTexts(content: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, content[name] ?? '']))
}
