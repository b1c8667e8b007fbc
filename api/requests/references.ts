import { z } from 'zod'
import { boundedList } from '../../resources/bounded-list.ts'
import type { RecipientReference } from '../../store/ids/recipient.ts'
import { recipientReferenceRequest } from '../../engine/recipient-request.ts'

const MAX_REFERENCES = 100

/**
 * References to users and objects in a query, in every form SDKs write: `a[]=u1`, `a[0][id]=1&a[0][collection]=c`, and
 * `a[][id]=1&a[][collection]=c`, whose fields arrive as entries of their own.
 */
export const references = z
  .preprocess(
    joined,
    boundedList(recipientReferenceRequest, { max: MAX_REFERENCES, tooMany: `has more than ${MAX_REFERENCES} values` }),
  )
  .transform((list): readonly RecipientReference[] => list)
  .optional()

function joined(given: unknown): unknown {
  if (given === undefined) return given
  const entries: unknown[] = []
  for (const entry of Array.isArray(given) ? (given as unknown[]) : [given]) {
    const last = entries.at(-1)
    if (isPart(entry) && isPart(last) && Object.keys(entry).every((name) => !Object.hasOwn(last, name)))
      entries[entries.length - 1] = { ...last, ...entry }
    else entries.push(entry)
  }
  return entries
}

function isPart(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
