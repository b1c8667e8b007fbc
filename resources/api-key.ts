import { z } from 'zod'
import { scopes } from '../store/api-keys/scopes.ts'

/** Of what Belay does itself. */
const RESERVED = ['temporal', 'trigger_workflow', 'schedule', 'belay']

export const apiKeyName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be small letters, digits, dots, dashes and underscores')
  .refine((name) => !RESERVED.includes(name), `must not be one of ${RESERVED.join(', ')}: Belay itself goes by them`)

export const newApiKey = z.strictObject({
  name: apiKeyName,
  scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
})

export const apiKey = z
  .object({
    __typename: z.literal('ApiKey'),
    name: z.string(),
    hint: z.string().describe('How the key begins'),
    scopes: z.array(z.enum(scopes)),
    created_at: z.string(),
    revoked_at: z.string().nullable(),
  })
  .meta({ id: 'ApiKey' })
