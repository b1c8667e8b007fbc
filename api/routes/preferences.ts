import { z } from 'zod'
import { mergePreferences } from '../../preferences/merge.ts'
import { preferenceEntries, preferenceParts } from '../../preferences/preference-schema.ts'
import type { PreferenceSet } from '../../preferences/preference-set.ts'
import { collectionName, objectId, tenantId, userId } from '../../resources/ids.ts'
import { preferenceSet, preferenceSetId, preferenceSetOf, preferenceWrite } from '../../resources/preferences.ts'
import type { RecipientReference } from '../../store/ids/recipient.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import {
  deletePreferenceSet,
  findPreferenceSet,
  listPreferenceSets,
  putPreferenceSets,
} from '../../store/profiles/preference-sets.ts'
import { tenantPreferences } from '../../store/profiles/tenants.ts'
import { defineRoute } from '../http/define-route.ts'
import { invalid } from '../http/errors.ts'
import { refuseForUsers } from '../requests/users-own-preferences.ts'
import { Reply, type Access, type Context, type Route } from '../http/route.ts'

const tag = 'Preferences'

/** What is set for a recipient under an id, over what the tenant and the environment have. */
async function setAsItApplies(
  db: Database,
  { catalog }: Pick<Context, 'catalog'>,
  recipient: RecipientReference,
  id: string,
  tenant: string | undefined,
) {
  const ofTenant = tenant ?? (id === 'default' ? undefined : id)
  const set = mergePreferences({
    environment: catalog.preferences,
    tenant: ofTenant === undefined ? null : await tenantPreferences(db, ofTenant),
    recipientForTenant: await findPreferenceSet(db, recipient, id),
  })
  return preferenceSetOf(id, set)
}

/** The calls for a kind of recipient: users and objects differ in how a path names them. */
function routesOf<Params extends z.ZodObject>(
  what: string,
  access: Access,
  base: string,
  named: Params,
  recipientOf: (params: z.output<Params>) => RecipientReference,
): Route[] {
  const params = named.extend({ set_id: preferenceSetId.describe('default, or a tenant’s id') })
  const path = `${base}/preferences/:set_id`
  const idsOf = (given: unknown) => {
    const { set_id: id } = given as { set_id: string }
    return { recipient: recipientOf(given as z.output<Params>), id }
  }
  const lay = (given: unknown, set: PreferenceSet, context: Context) => {
    const { recipient, id } = idsOf(given)
    return transaction(context.store.db, async (tx) => {
      await putPreferenceSets(tx, [{ recipient, sets: { [id]: { strategy: 'merge', set } } }])
      return setAsItApplies(tx, context, recipient, id, undefined)
    })
  }
  const partRoutes = (['channel_types', 'workflows', 'categories'] as const).flatMap((part) => [
    defineRoute({
      access,
      scope: 'admin',
      method: 'put',
      path: `${path}/${part}`,
      tag,
      summary: `Set ${part} in a preference set of ${what} (deprecated by Knock)`,
      description: 'Laid over what is set, entry by entry.',
      params,
      body: preferenceParts[part],
      response: preferenceSet,
      handle: async ({ params, body }, context) => {
        refuseForUsers(context, body)
        return lay(params, body === undefined ? {} : { [part]: body }, context)
      },
    }),
    defineRoute({
      access,
      scope: 'admin',
      method: 'put',
      path: `${path}/${part}/:name`,
      tag,
      summary: `Set one of ${part} in a preference set of ${what} (deprecated by Knock)`,
      description: '`subscribed` is true, false or an object as in a set; the object may be the body itself.',
      params: params.extend({ name: z.string().min(1).max(255) }),
      body: z
        .looseObject({ subscribed: z.unknown().optional() })
        .transform((given) => (Object.hasOwn(given, 'subscribed') ? given.subscribed : given))
        .pipe(preferenceEntries[part]),
      response: preferenceSet,
      handle: async ({ params, body }, context) => {
        refuseForUsers(context, body)
        const { name } = params as unknown as { name: string }
        const read = preferenceParts[part].safeParse({ [name]: body })
        if (!read.success) throw invalid('name', read.error.issues[0]!.message, 'inclusion')
        return lay(params, { [part]: read.data }, context)
      },
    }),
  ])
  return [
    defineRoute({
      access,
      scope: 'read',
      method: 'get',
      path: `${base}/preferences`,
      tag,
      summary: `List the preference sets of ${what}`,
      description: 'As they were set, in the order of their ids, at most 1,000.',
      params: named,
      response: z.array(preferenceSet),
      async handle({ params }, { store }) {
        const sets = await listPreferenceSets(store.db, recipientOf(params))
        return sets.map(({ id, preferences }) => preferenceSetOf(id, preferences))
      },
    }),
    defineRoute({
      access,
      scope: 'read',
      method: 'get',
      path,
      tag,
      summary: `Get a preference set of ${what}`,
      description:
        'What was set, over the environment’s set and, for a tenant’s id or with `tenant`, the tenant’s. Where nothing is set, every part is null; never a 404.',
      params,
      query: z.object({ tenant: tenantId.optional() }),
      response: preferenceSet,
      handle({ params, query }, context) {
        const { recipient, id } = idsOf(params)
        return setAsItApplies(context.store.db, context, recipient, id, query.tenant)
      },
    }),
    defineRoute({
      access,
      scope: 'admin',
      method: 'put',
      path,
      tag,
      summary: `Set a preference set of ${what}`,
      description:
        'In place of the one there is, or with `__persistence_strategy__: merge` laid over it, entry by entry. Asked at each channel step from then on, also of recipients who wait already.',
      params,
      body: preferenceWrite,
      needsBody: true,
      response: preferenceSet,
      async handle({ params, body }, context) {
        refuseForUsers(context, body.set)
        const { recipient, id } = idsOf(params)
        return transaction(context.store.db, async (tx) => {
          await putPreferenceSets(tx, [{ recipient, sets: { [id]: body } }])
          return setAsItApplies(tx, context, recipient, id, undefined)
        })
      },
    }),
    defineRoute({
      // At Knock a public key reads and writes preferences, and does not delete them.
      access: 'secret',
      scope: 'admin',
      method: 'delete',
      path,
      tag,
      summary: `Remove a preference set of ${what}`,
      params,
      response: z.object({}),
      noContent: 'always',
      async handle({ params }, { store }) {
        const { recipient, id } = idsOf(params)
        await transaction(store.db, (tx) => deletePreferenceSet(tx, recipient, id))
        return new Reply<Record<string, never>>(undefined, { status: 204 })
      },
    }),
    ...partRoutes,
  ]
}

export const preferenceRoutes = [
  ...routesOf('a user', 'user', '/v1/users/:id', z.object({ id: userId }), ({ id }) => id),
  ...routesOf(
    'an object',
    'secret',
    '/v1/objects/:collection/:id',
    z.object({ collection: collectionName, id: objectId }),
    ({ collection, id }) => ({ collection, id }),
  ),
]
