import { z } from 'zod'
import { apiKey, apiKeyName, newApiKey } from '../../resources/api-key.ts'
import { createApiKey, listApiKeys, MOST_KEYS, revokeApiKey } from '../../store/api-keys/api-keys.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError, invalid } from '../http/errors.ts'

const common = { access: 'secret', scope: 'admin', tag: 'Keys' } as const
const typename = { __typename: 'ApiKey' as const }

const create = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/keys',
  summary: 'Make a secret key',
  description:
    'The only answer that holds the key. Its name stands in what is done with it, and is never given to another key, also after it was revoked. Every api lets it in at once.',
  body: newApiKey,
  response: apiKey.extend({ key: z.string() }).meta({ id: 'NewApiKey' }),
  async handle({ body }, { store, now, log }) {
    const made = await createApiKey(store.db, body, now())
    if (made === 'taken') throw invalid('name', 'is or was that of another key', 'conflict')
    if (made === 'full') throw invalid('name', `is one too many: there are ${MOST_KEYS} keys; revoke one first`)
    log.info({ name: body.name, scopes: body.scopes }, 'a secret key was made')
    return { ...typename, ...made.row, key: made.key }
  },
})

const list = defineRoute({
  ...common,
  method: 'get',
  path: '/v1/keys',
  summary: 'List secret keys',
  description: `Those in use, in the order of their names, then the ${MOST_KEYS} revoked last. The keys of the settings are not among them.`,
  response: z.object({ entries: z.array(apiKey) }),
  async handle(_input, { store }) {
    const rows = await listApiKeys(store.db)
    return { entries: rows.map((row) => ({ ...typename, ...row })) }
  },
})

const revoke = defineRoute({
  ...common,
  method: 'delete',
  path: '/v1/keys/:name',
  summary: 'Revoke a secret key, for good',
  description: 'No api lets it in after 2 seconds. What was triggered with it goes on.',
  params: z.object({ name: apiKeyName }),
  response: apiKey,
  errors: ['resource_missing'],
  async handle({ params }, { store, now, log }) {
    const row = await revokeApiKey(store.db, params.name, now())
    if (row === undefined) throw new ApiError('resource_missing')
    log.info({ name: params.name }, 'a secret key was revoked')
    return { ...typename, ...row }
  },
})

export const keyRoutes = [create, list, revoke]
