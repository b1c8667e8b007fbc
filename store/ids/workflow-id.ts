import { createHash } from 'node:crypto'

const MAX_BYTES = 255
const HASH_CHARS = 43

/**
 * The workflow ID of a run: `<definition>/<cancelation_key>`, or `<definition>#<workflow_run_id>` for a trigger without
 * a key. Readable and injective: definition keys hold neither `/` nor `#`, and `%`, `~` and control characters of a
 * key are percent-encoded. What is longer than 255 bytes (a real server hangs on it) ends in `~` and its hash.
 */
export function workflowIdOf(
  definitionKey: string,
  pending: { cancelationKey: string } | { workflowRunId: string },
): string {
  if ('workflowRunId' in pending) return bounded(`${definitionKey}#${pending.workflowRunId}`)
  return bounded(`${definitionKey}/${escape(pending.cancelationKey)}`)
}

/** What an ID says, or null for one that was cut. */
export function readWorkflowId(
  id: string,
): { definitionKey: string; cancelationKey: string | null; workflowRunId: string | null } | null {
  if (id.includes('~')) return null
  const match = /^([^/#]+)([/#])(.*)$/su.exec(id)
  if (match === null) return null
  const [, definitionKey, separator, rest] = match as unknown as [string, string, string, string]
  if (separator === '#') return { definitionKey, cancelationKey: null, workflowRunId: rest }
  return { definitionKey, cancelationKey: unescape(rest), workflowRunId: null }
}

/** Cuts a text to so many bytes of UTF-8, between characters. */
export function cutToBytes(text: string, max: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= max) return text
  let end = max
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end).toString()
}

function bounded(id: string): string {
  if (Buffer.byteLength(id) <= MAX_BYTES) return id
  const hash = createHash('sha256').update(id).digest('base64url')
  return `${cutToBytes(id, MAX_BYTES - HASH_CHARS - 1)}~${hash}`
}

function escape(key: string): string {
  // eslint-disable-next-line no-control-regex
  return key.replace(/[%~\u0000-\u001f\u007f-\u009f]/gu, (char) => encodeURIComponent(char).replace('~', '%7E'))
}

function unescape(text: string): string {
  return text.replace(/(%[0-9A-F]{2})+/g, (codes) => decodeURIComponent(codes))
}
