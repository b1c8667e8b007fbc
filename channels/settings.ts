import { z } from 'zod'

/** A setting that stands for an environment variable of the worker. */
export const VARIABLE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/

/** A setting as text: a value that is `valid`, or `$NAME` for the worker's environment variable NAME. */
export const text = (valid: (value: string) => boolean, message: string) =>
  z.string().refine((value) => VARIABLE.test(value) || valid(value), `${message}, or $NAME for an environment variable`)

/** A secret or an identifier. Blanks at its ends are none of it: files that hold a secret end with a line break. */
export const opaque = text((value) => value.trim() !== '', 'must not be empty').transform((value) => value.trim())

/** The address of a provider's API, where it is not the usual one: another region, or a relay of one's own. */
export const apiUrl = (usual: string) =>
  text((value) => /^https?:\/\/[^/]/.test(value) && URL.canParse(value), 'must be an http:// or https:// address')
    .transform((value) => value.replace(/\/$/, ''))
    .default(usual)

/** How much a provider takes, from each worker process. */
export const pace = {
  concurrency: z.int().min(1).max(100).optional(),
  rate_limit: z.strictObject({ per_second: z.number().min(0.1).max(1_000) }).optional(),
}
export const paceSettings = z.object(pace)
