/** A frame of Phoenix's channels, version 2: `[join_ref, ref, topic, event, payload]`. */
export interface Frame {
  joinRef: string | null
  ref: string | null
  topic: string
  event: string
  payload: Record<string, unknown>
}

const MAX_NAME = 600

/** Null: it is no such frame. */
export function readFrame(text: string): Frame | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!Array.isArray(value) || value.length !== 5) return null
  const [joinRef, ref, topic, event, payload] = value as unknown[]
  if (!isRef(joinRef) || !isRef(ref) || !isName(topic) || !isName(event)) return null
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return null
  return { joinRef, ref, topic, event, payload: payload as Record<string, unknown> }
}

/** The text of a frame, as Phoenix clients of version 2 read it. */
export function writeFrame({ joinRef, ref, topic, event, payload }: Frame): string {
  return JSON.stringify([joinRef, ref, topic, event, payload])
}

/** The answer to a frame. */
export function replyTo(frame: Frame, status: 'ok' | 'error', response: Record<string, unknown> = {}): string {
  return writeFrame({ ...frame, event: 'phx_reply', payload: { status, response } })
}

function isRef(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && value.length <= 64)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME
}
