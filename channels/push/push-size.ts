import type { PushContent } from './content.ts'
import { atMost } from '../too-long.ts'

/** Throws TooLong where a push is more than its provider takes; names the largest of what the template gives. */
export function assertPushFits(
  content: PushContent,
  { provider, size, most }: { provider: string; size: number; most: number },
): void {
  const parts: [field: string, bytes: number][] = [
    ['title', bytesOf(content.title)],
    ['text_body', bytesOf(content.body)],
    ['payload_overrides', jsonBytes(content.payload_overrides ?? {})],
  ]
  const [largest] = parts.sort(([, a], [, b]) => b - a)[0]!
  atMost({ field: `the push, most of it ${largest},`, provider, size, most, unit: 'bytes' })
}

/** How many bytes of UTF-8 a value takes as JSON. */
export function jsonBytes(value: unknown): number {
  return bytesOf(JSON.stringify(value))
}

/** Bytes of all names and texts in a value, without what JSON puts between them. */
export function keyAndValueBytes(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'string') return bytesOf(value)
  if (typeof value !== 'object' || value === null) return jsonBytes(value)
  const entries: [string, unknown][] = Array.isArray(value) ? value.map((each) => ['', each]) : Object.entries(value)
  return entries.reduce((sum, [name, each]) => sum + bytesOf(name) + keyAndValueBytes(each), 0)
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}
