import { z } from 'zod'
import { isTimeZone } from '../resources/contact.ts'
import { parseAddress } from '../channels/email/email-address.ts'
import { isSmtpUrl, SMTP_URL_FORM } from '../channels/email/smtp-url.ts'
import { HOST_ENTRY, HostList, isHostEntry } from './host-list.ts'
import { zodErrorMap } from './zod-error-map.ts'
import { corsOrigins } from './cors-origins.ts'
import { isOpenToOthers } from './loopback.ts'
import { payloadKeys } from './payload-keys.ts'
import { signingKey } from './signing-key.ts'
import { webhookEndpoints } from './webhook-endpoints.ts'

/** Hosts with commas between them. */
const hosts = z
  .string()
  .transform((value) => value.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()])))
  .refine((entries) => entries.every(isHostEntry), `must be a list with commas between; each ${HOST_ENTRY}`)
  .transform((entries) => new HostList(entries))
/** `true` is every host, `false` none. */
const hostsOrFlag = z.preprocess((value) => flags.get(value) ?? value, hosts)
const flags = new Map<unknown, string>([
  ['true', '*'],
  ['1', '*'],
  ['false', ''],
  ['0', ''],
])
const flag = z
  .enum(['true', 'false', '1', '0', ''])
  .default('false')
  .transform((value) => value === 'true' || value === '1')
const port = z.coerce.number().int().min(0).max(65_535)
const PLACEHOLDER = /change[-_]?me|replace[-_]?me|your[-_]|placeholder|example|^sk_(.)\1+$/i
const secretKey = z
  .string()
  .regex(/^sk_\S{16,}$/, 'must start with sk_ and have 16 or more characters after it')
  .refine((key) => !PLACEHOLDER.test(key), 'is a placeholder; make one with: openssl rand -hex 24')
  .optional()
const publicKey = z
  .string()
  .regex(/^pk_\S{8,}$/, 'must start with pk_ and have 8 or more characters after it')
  .optional()

/** Every variable Belay reads, with its default. Temporal's own (TEMPORAL_ADDRESS, ...) are read by @temporalio/envconfig. */
export const variables = {
  PORT: port.default(4000),
  HOST: z.string().default('127.0.0.1'),
  BELAY_DATA_DIR: z.string().default('.belay'),
  BELAY_NOTIFICATIONS_DIR: z.string().default('notifications'),
  BELAY_SECRET_KEY: secretKey,
  BELAY_PUBLIC_KEY: publicKey,
  /** Lets sk_development_only in though HOST is no loopback address: for a container whose port is published on loopback. */
  BELAY_ALLOW_DEVELOPMENT_KEYS: flag,
  /** Set: public keys need a user token signed by its private half, RS256. */
  BELAY_SIGNING_PUBLIC_KEY: signingKey,
  /** Origins of pages that may call: `*`, or a list with commas. */
  BELAY_CORS_ORIGINS: corsOrigins,
  /** Requests a second of one secret key, and of one user with a public key, over all apis; 0: as many as they like. */
  BELAY_RATE_LIMIT: z.coerce.number().int().min(0).max(100_000).default(0),
  BELAY_RATE_LIMIT_PER_USER: z.coerce.number().int().min(0).max(100_000).default(0),
  /** Live connections of browsers this process holds at most, and of one user. */
  BELAY_LIVE_CONNECTIONS: z.coerce.number().int().min(0).max(100_000).default(4_000),
  BELAY_LIVE_CONNECTIONS_PER_USER: z.coerce.number().int().min(1).max(10_000).default(50),
  BELAY_EMAIL_FROM: z
    .string()
    .refine((text) => parseAddress(text) !== undefined, 'must be one address, such as Name <name@example.com>')
    .optional(),
  BELAY_HTTP_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/=]{16,}$/, 'must be whsec_ followed by base64 (Standard Webhooks)')
    .optional(),
  /** Hosts that get secrets where an http channel has no `secret_hosts`: its headers and signatures, and `vars` where data chose the host. */
  BELAY_HTTP_SECRET_HOSTS: hosts.optional(),
  BELAY_HTTP_ALLOW_PRIVATE: hostsOrFlag.default(HostList.none),
  /** Where the API is reached from outside, for the links in messages. */
  BELAY_PUBLIC_URL: z
    .string()
    .refine(isPublicUrl, 'must be https://host, without a query; http:// on this host alone')
    .optional(),
  /** Signs those links; the same for all processes. */
  BELAY_LINK_SECRET: z
    .string()
    .min(32, 'must have 32 or more characters; make one with: openssl rand -hex 32')
    .optional(),
  BELAY_WEBHOOKS: webhookEndpoints,
  /** Seconds an api goes on serving after SIGTERM, while `/readyz` says 503: as long as a balancer needs to notice. */
  BELAY_DRAIN_SECONDS: z.coerce.number().min(0).max(15).default(0),
  /** Seconds an api keeps an idle connection: longer than the load balancer before it, else that sends into one just closed. */
  BELAY_KEEP_ALIVE_SECONDS: z.coerce.number().min(1).max(4_000).default(65),
  /** Where api and worker serve `/metrics` to whoever reaches it; unset: an api does on its own port, for the secret key. */
  BELAY_METRICS_HOST: z.string().default('127.0.0.1'),
  BELAY_METRICS_PORT: port.optional(),
  /** Of a collector that takes traces by OTLP over HTTP; unset: nothing is traced. The exporter reads OTEL_* of its own. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an http:// or https:// address')
    .optional(),
  /** So long past its instant something counts as overdue, in metrics and in `/readyz`. */
  BELAY_OVERDUE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(120),
  /** Of a worker process, which has no API: see worker/ready-file.ts. */
  BELAY_READY_FILE: z.string().optional(),
  /** Encrypt what Temporal keeps; none: it is kept as it is. */
  BELAY_PAYLOAD_KEYS: payloadKeys,
  /** Whose clock counts for recipients without a timezone. */
  BELAY_TIME_ZONE: z.string().refine(isTimeZone, 'must be an IANA time zone, such as Europe/Berlin').default('Etc/UTC'),
  /** Of a worker whose build is promoted by `npm run builds`; unset: every worker takes every task. */
  BELAY_BUILD_ID: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must be 1 to 100 letters, digits, dots, dashes and underscores')
    .optional(),
  BELAY_TASK_QUEUE: z.string().min(1).max(200).default('belay'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// address')
    .optional(),
  /** DATABASE_URL is a pooler's in transaction mode; see store/postgres/pooled.ts. */
  BELAY_DATABASE_POOLED: flag,
  /** Where LISTEN is heard, past that pooler. */
  BELAY_LISTEN_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// address')
    .optional(),
  SMTP_URL: z.string().refine(isSmtpUrl, SMTP_URL_FORM).optional(),
  TEMPORAL_DEV_PORT: port.default(7233),
  TEMPORAL_DEV_UI_PORT: port.default(8233),
  TEMPORAL_CLI_PATH: z.string().optional(),
  TEMPORAL_TEST_SERVER_PATH: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
} as const

function isPublicUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false
  const { protocol, hostname, search, hash, username } = new URL(text)
  return search === '' && hash === '' && username === '' && (protocol === 'https:' || !isOpenToOthers(hostname))
}

const DEVELOPMENT_KEYS = ['sk_development_only', 'pk_development_only']

const schema = z.object(variables).superRefine((settings, context) => {
  if (settings.BELAY_ALLOW_DEVELOPMENT_KEYS || !isOpenToOthers(settings.HOST)) return
  for (const name of ['BELAY_SECRET_KEY', 'BELAY_PUBLIC_KEY'] as const) {
    if (!DEVELOPMENT_KEYS.includes(settings[name] ?? '')) continue
    const message = `is one that everybody knows, and HOST=${settings.HOST} lets others in; make your own: openssl rand -hex 24`
    context.addIssue({ code: 'custom', path: [name], message })
  }
})
export type Settings = z.infer<typeof schema>

/** A variable that cannot be used; the message names each one. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** Reads and checks the environment. An empty variable counts as unset. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = schema.safeParse(given, { error: zodErrorMap })
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new SettingsError(`These settings cannot be used:\n${lines.join('\n')}`)
}
