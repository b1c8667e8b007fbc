import type { z } from 'zod'
import type { Channel } from '../definitions/catalog.ts'
import { VARIABLE } from './settings.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import { NotSent } from './sender.ts'

/** The channel's settings with each `$NAME` replaced from `env`, then checked. Throws NotSent, naming what cannot be used. */
export function readChannelSettings<Schema extends z.ZodType>(
  schema: Schema,
  channel: Channel,
  env: NodeJS.ProcessEnv,
): z.output<Schema> {
  const result = schema.safeParse(resolve(channel.settings, channel.key, env), { error: zodErrorMap })
  if (result.success) return result.data
  const issues = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim())
  throw new NotSent(`settings of channel ${channel.key}: ${issues.join('; ')}`)
}

function resolve(value: unknown, channelKey: string, env: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string') {
    const name = VARIABLE.exec(value)?.[1]
    if (name === undefined) return value
    const found = env[name]
    if (found === undefined || found === '') {
      throw new NotSent(`settings of channel ${channelKey}: environment variable ${name} is not set`)
    }
    return found
  }
  if (Array.isArray(value)) return value.map((inner) => resolve(inner, channelKey, env))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner, channelKey, env)]))
}
