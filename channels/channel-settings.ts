import { z } from 'zod'
import { parseAddress } from './email/email-address.ts'
import { isSmtpUrl, SMTP_URL_FORM } from './email/smtp-url.ts'
import { isHeaderName, isHeaderValue, isReservedHeader } from './http/http-headers.ts'

/** A setting that stands for an environment variable of the worker. */
export const VARIABLE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/

/** A setting as text: a value that is `valid`, or `$NAME` for the worker's environment variable NAME. */
const text = (valid: (value: string) => boolean, message: string) =>
  z.string().refine((value) => VARIABLE.test(value) || valid(value), `${message}, or $NAME for an environment variable`)

const address = text(
  (value) => parseAddress(value) !== undefined,
  'must be one address, such as Name <name@example.com>',
)

/** How much a provider takes, from each worker process. */
const pace = {
  concurrency: z.int().min(1).max(100).optional(),
  rate_limit: z.strictObject({ per_second: z.number().min(0.1).max(1_000) }).optional(),
}
export const paceSettings = z.object(pace)

/** `settings` of an email channel in channels.json. */
export const emailSettings = z.strictObject({
  smtp_url: text(isSmtpUrl, SMTP_URL_FORM).optional(),
  from: address.optional(),
  reply_to: address.optional(),
  ...pace,
})

/** The most that an http channel can wait for an answer. */
export const HTTP_LONGEST_SECONDS = 120

/** `settings` of an http channel in channels.json. */
export const httpSettings = z.strictObject({
  secret: text(
    (value) => /^whsec_[A-Za-z0-9+/=]{16,}$/.test(value),
    'must be whsec_ followed by base64 (Standard Webhooks)',
  ).optional(),
  headers: z
    .record(
      z
        .string()
        .refine((name) => isHeaderName(name) && !isReservedHeader(name), 'must be a header that a sender may set'),
      text(isHeaderValue, 'must be one line of Latin-1 text'),
    )
    .default({}),
  /** For an answer. */
  timeout_seconds: z.number().min(0.1).max(HTTP_LONGEST_SECONDS).default(50),
  /** False where the far side does not drop a repeat by its Idempotency-Key: what was not answered is not sent again. */
  idempotent: z.boolean().default(true),
  ...pace,
})
