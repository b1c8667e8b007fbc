import { z } from 'zod'

const MAX_CHARACTERS = 1_000

/** 1 to 1,000 characters, compared byte for byte; an integer is read as its decimal text. Null is no key. */
export const keyText = z
  .union(
    [z.string(), z.number().int('is not exact as a number; send it as a text')],
    'must be a text, or a whole number',
  )
  .transform(String)
  .refine((key) => key.length > 0 && Array.from(key).length <= MAX_CHARACTERS, {
    message: `must have 1 to ${MAX_CHARACTERS} characters`,
    params: { type: 'length' },
  })

const optional = keyText.nullish().describe('Names what is pending, so that it can be canceled')

/** Both spellings, for any request that takes a key. */
export const keyFields = { cancelation_key: optional, cancellation_key: optional }

interface Keyed {
  cancelation_key?: string | null
  cancellation_key?: string | null
}

/** The key a request gives; a refinement that adds an issue if both spellings are there and differ. */
export function oneKey(request: Keyed, context: z.core.$RefinementCtx): void {
  const { cancelation_key: ours, cancellation_key: knocks } = request
  if (ours != null && knocks != null && ours !== knocks) {
    context.addIssue({
      code: 'custom',
      path: ['cancelation_key'],
      message: 'differs from cancellation_key; give one of them',
      params: { type: 'conflict' },
    })
  }
}

/** A refinement for requests that need a key. */
export function neededKey(request: Keyed, context: z.core.$RefinementCtx): void {
  if (keyOf(request) === null) {
    context.addIssue({
      code: 'custom',
      path: ['cancelation_key'],
      message: 'is required',
      params: { type: 'required' },
    })
  }
  oneKey(request, context)
}

/** The key in either spelling, ours first; null: none. */
export function keyOf({ cancelation_key: ours, cancellation_key: knocks }: Keyed): string | null {
  return ours ?? knocks ?? null
}
