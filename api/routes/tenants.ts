import { z } from 'zod'
import { sql } from 'drizzle-orm'
import { tenantId } from '../../resources/ids.ts'
import { idPosition, pageInfo, pageInfoOf, pageQuery, windowOf } from '../../resources/page.ts'
import { tenant, tenantOf, tenantRequest } from '../../resources/tenant.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { listProfiles } from '../../store/profiles/list-profiles.ts'
import { deleteTenant, findTenant, upsertTenants } from '../../store/profiles/tenants.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { Reply, type Context } from '../http/route.ts'
import { flag } from '../requests/filters.ts'

const tag = 'Tenants'
const params = z.object({ id: tenantId })
const resolved = z.object({
  resolve_full_preference_settings: flag
    .optional()
    .describe('Shows settings.preference_set with the environment’s set below it'),
})

async function existing(
  db: Database,
  id: string,
  { catalog }: Pick<Context, 'catalog'>,
  isResolved: boolean | undefined,
) {
  const found = await findTenant(db, id)
  if (found === undefined) throw new ApiError('resource_missing')
  return tenantOf(found, isResolved === true ? (catalog.preferences ?? {}) : undefined)
}

const putTenant = defineRoute({
  method: 'put',
  path: '/v1/tenants/:id',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Set a tenant: create, or lay these properties over those there are',
  description:
    'Merged at the top level, null clears; branding name by name. A preference set is merged into what is set, unless it says `__persistence_strategy__: replace`.',
  params,
  query: resolved,
  body: tenantRequest,
  response: tenant,
  handle: ({ params, query, body }, context) =>
    transaction(context.store.db, async (tx) => {
      await upsertTenants(tx, [{ id: params.id, ...body }])
      return existing(tx, params.id, context, query.resolve_full_preference_settings)
    }),
})

const getTenant = defineRoute({
  method: 'get',
  path: '/v1/tenants/:id',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'Get a tenant',
  params,
  query: resolved,
  response: tenant,
  errors: ['resource_missing'],
  handle: ({ params, query }, context) =>
    existing(context.store.db, params.id, context, query.resolve_full_preference_settings),
})

const removeTenant = defineRoute({
  method: 'delete',
  path: '/v1/tenants/:id',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Delete a tenant',
  description:
    'What is pending under it goes on, without its branding and preferences; recipients keep their sets for it.',
  params,
  response: z.object({}),
  noContent: 'always',
  errors: ['resource_missing'],
  async handle({ params }, { store }) {
    if (!(await transaction(store.db, (tx) => deleteTenant(tx, params.id)))) throw new ApiError('resource_missing')
    return new Reply<Record<string, never>>(undefined, { status: 204 })
  },
})

const getTenants = defineRoute({
  method: 'get',
  path: '/v1/tenants',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List tenants, in the order of their ids',
  query: z.object({
    name: z.string().optional().describe('Only of this name'),
    tenant_id: z.string().optional().describe('Only of this id'),
    ...pageQuery(idPosition),
  }),
  response: z.object({ entries: z.array(tenant), page_info: pageInfo }),
  async handle({ query }, { store }) {
    const window = windowOf(query)
    const conditions = [
      ...(query.name === undefined ? [] : [sql`p.properties ->> 'name' = ${query.name}`]),
      ...(query.tenant_id === undefined ? [] : [sql`p.id = ${query.tenant_id}`]),
    ]
    const page = await listProfiles(store.db, { table: 'tenants' }, window, conditions)
    return { entries: page.rows.map((row) => tenantOf(row)), page_info: pageInfoOf(page, window) }
  },
})

export const tenantRoutes = [putTenant, getTenant, removeTenant, getTenants]
