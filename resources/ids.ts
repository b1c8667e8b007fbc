import { z } from 'zod'

/** A URL with one of these as a segment is another URL. */
const dots = /^(?!\.{1,2}$)/

const id = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must have at most 256 characters')
  .regex(dots, 'must not be . or ..')

export const userId = id.regex(/^[^/#]*$/, 'must not hold / or #')
export const collectionName = z
  .string('must be the collection of an object; a user is named by the id alone')
  .min(1, 'must not be empty')
  .max(256, 'must have at most 256 characters')
  .regex(dots, 'must not be . or ..')
  .regex(/^[^/#]*$/, 'must not hold / or #')
export const objectId = id
export const tenantId = id

/** The key of a definition in a path or a body; no definition has one of more characters. */
export const workflowKey = z.string().max(255, 'must have at most 255 characters')
