import { z } from 'zod'
import { instantForm, readInstant } from '../store/clock/read-instant.ts'

/** An instant as a caller writes it, handed on in UTC as the store takes it. */
export const instant = z
  .string()
  .transform((text, context) => {
    const read = readInstant(text)
    if (read !== undefined) return read.text
    context.addIssue({ code: 'custom', message: `must be ${instantForm}`, params: { type: 'format' } })
    return z.NEVER
  })
  .meta({ type: 'string', format: 'date-time' })
