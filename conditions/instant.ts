import { instantForm, readInstant } from '../store/clock/read-instant.ts'

/** An instant in epoch milliseconds, or what is wrong with the text. */
export type InstantReading = { at: number } | { problem: string }

/** Reads an instant by the one reader, and says what is wrong with what is none. */
export function instantReading(text: string): InstantReading {
  const read = readInstant(text)
  if (read !== undefined) return { at: read.epochMs }
  if (readInstant(`${text}Z`) !== undefined)
    return { problem: 'has no time zone; end it with Z or an offset such as +02:00' }
  return { problem: `is no instant; it must be ${instantForm}` }
}
