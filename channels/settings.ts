import { z } from 'zod'
import { parseLiquid } from '../templates/liquid.ts'

/** A setting that stands for an environment variable of the worker. */
export const VARIABLE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/

/** A setting as text: a value that is `valid`, or `$NAME` for the worker's environment variable NAME. */
export const text = (valid: (value: string) => boolean, message: string) =>
  z.string().refine((value) => VARIABLE.test(value) || valid(value), `${message}, or $NAME for an environment variable`)

/** Whether a setting is written for each recipient anew. */
export const hasLiquid = (value: string) => value.includes('{{') || value.includes('{%')

/**
 * The same, or Liquid that makes one: it is filled in as a message is made, and kept with it. Whoever reads the settings to
 * send finds undefined in its place.
 */
export const textOrLiquid = (valid: (value: string) => boolean, message: string) =>
  z
    .string()
    .superRefine((value, context) => {
      const wrong = !hasLiquid(value)
        ? VARIABLE.test(value) || valid(value)
          ? null
          : `${message}, or $NAME for an environment variable`
        : liquidProblem(value)
      if (wrong !== null) context.addIssue({ code: 'custom', message: wrong })
    })
    .transform((value) => (hasLiquid(value) ? undefined : value))

function liquidProblem(text: string): string | null {
  try {
    parseLiquid(text, 'text')
    return null
  } catch (error) {
    return `is not Liquid that can be read: ${(error as Error).message}`
  }
}

/** A secret or an identifier. Blanks at its ends are none of it: files that hold a secret end with a line break. */
export const opaque = text((value) => value.trim() !== '', 'must not be empty').transform((value) => value.trim())

/** The address of a provider's API, where it is not the usual one: another region, or a relay of one's own. */
export const apiUrl = (usual: string) =>
  text((value) => /^https?:\/\/[^/]/.test(value) && URL.canParse(value), 'must be an http:// or https:// address')
    .transform((value) => value.replace(/\/$/, ''))
    .default(usual)

/** Fields of the provider's own, laid over what each message is sent as; a step's come after. */
export const payloadOverrides = z.record(z.string(), z.json()).optional()

/** How much a provider takes, from each worker process. */
export const pace = {
  concurrency: z.int().min(1).max(100).optional(),
  rate_limit: z.strictObject({ per_second: z.number().min(0.1).max(1_000) }).optional(),
}
export const paceSettings = z.object(pace)
