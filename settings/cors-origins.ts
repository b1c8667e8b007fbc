import { z } from 'zod'

const isOrigin = (text: string) => ORIGIN.test(text) && URL.canParse(text) && new URL(text).origin === text
const ORIGIN = /^https?:\/\/[^/\s]+$/

/**
 * BELAY_CORS_ORIGINS: `*`, or origins with commas between them. Every origin may be let in by default: what a page may do
 * hangs on the keys and tokens that it sends itself, and no cookie is read here.
 */
export const corsOrigins = z
  .string()
  .default('*')
  .transform((text, context): '*' | ReadonlySet<string> => {
    const origins = text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
    if (origins.length === 1 && origins[0] === '*') return '*'
    const wrong = origins.find((origin) => !isOrigin(origin))
    if (wrong === undefined) return new Set(origins)
    context.addIssue({
      code: 'custom',
      message: `must be *, or origins such as https://app.example.com with commas between them; ${JSON.stringify(wrong)} is none`,
    })
    return z.NEVER
  })
