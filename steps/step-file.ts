import { z } from 'zod'
import { conditions, ignored } from '../definitions/fields.ts'

/** What a step of any kind has in a workflow file. */
export const stepFields = {
  ref: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be 1 to 255 letters, digits, _ or -'),
  name: z.string().nullish(),
  description: ignored,
  conditions,
}
