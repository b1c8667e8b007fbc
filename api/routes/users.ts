import { z } from 'zod'
import type { Database } from '../../store/postgres/database.ts'
import { transaction } from '../../store/postgres/database.ts'
import { deleteUser, findUser, upsertUsers } from '../../store/profiles/users.ts'
import { endSchedulesOf } from '../../store/schedules/schedules.ts'
import { offerChanges } from '../../store/waits/offer-events.ts'
import { mergeUsers } from '../../engine/merge-users.ts'
import { mergedInto } from '../../store/profiles/merged-users.ts'
import { cancelUser } from '../../engine/cancel-many.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { Reply } from '../http/route.ts'
import { listProfiles } from '../../store/profiles/list-profiles.ts'
import { refuseForUsers } from '../requests/users-own-preferences.ts'
import { include, included } from '../requests/include.ts'
import { idPosition, pageInfo, pageInfoOf, pageQuery, windowOf } from '../../resources/page.ts'
import { user, userOf } from '../../resources/recipient.ts'
import { userId } from '../../resources/ids.ts'
import { profileRequest } from '../../resources/user.ts'

const tag = 'Users'
const params = z.object({ id: userId })

async function existing(db: Database, id: string) {
  const found = await findUser(db, id)
  if (found === undefined) throw new ApiError('resource_missing')
  return userOf(id, found, found.updated_at)
}

const putUser = defineRoute({
  method: 'put',
  path: '/v1/users/:id',
  access: 'user',
  scope: 'admin',
  tag,
  summary: 'Identify a user: create, or lay these properties over those there are',
  description:
    'Merged at the top level; null clears a property. A timezone that is none and an email that is none are refused, since they would only fail later.',
  params,
  body: profileRequest,
  response: user,
  async handle({ params, body }, { caller, store, now, outbox }) {
    for (const [id, { set }] of Object.entries(body.preferences ?? {}))
      refuseForUsers({ caller }, set, ['preferences', id])
    return transaction(store.db, async (tx) => {
      await offerChanges(tx, await upsertUsers(tx, [{ id: params.id, ...body }]), now(), outbox)
      return existing(tx, params.id)
    })
  },
})

const getUser = defineRoute({
  method: 'get',
  path: '/v1/users/:id',
  access: 'user',
  scope: 'read',
  tag,
  summary: 'Get a user',
  description:
    'Of one who was identified. Somebody known only by id, as a recipient, is a 404 here; their feed and messages can be read all the same.',
  params,
  response: user,
  errors: ['resource_missing'],
  handle: ({ params }, { store }) => existing(store.db, params.id),
})

const removeUser = defineRoute({
  method: 'delete',
  path: '/v1/users/:id',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Delete a user',
  description:
    'Cancels first what is pending for them. Their messages stay, without what was known of them. Of an id that was merged into another user, it ends that the id means them.',
  params,
  response: z.object({}),
  noContent: 'always',
  errors: ['resource_missing'],
  async handle({ params }, context) {
    const isMerged = (await mergedInto(context.store.db, [params.id])).size > 0
    const caller = { apiKey: context.apiKey }
    // What is pending under a merged id is the other user's.
    const canceled = isMerged ? null : await cancelUser(context, caller, params.id, { reason: 'user deleted' })
    // Somebody notified by id alone was never stored, and is canceled all the same.
    const known = await transaction(context.store.db, async (tx) => {
      await endSchedulesOf(tx, [params.id], context.now())
      return deleteUser(tx, params.id)
    })
    void context.signaler.syncSchedules?.()
    if (!known && canceled?.answer.status !== 'applied') throw new ApiError('resource_missing')
    return new Reply<Record<string, never>>(undefined, { status: 204 })
  },
})

const getUsers = defineRoute({
  method: 'get',
  path: '/v1/users',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List users, in the order of their ids',
  description: 'Who was identified; somebody known only by id, as a recipient, is not among them.',
  query: z.object({ include, ...pageQuery(idPosition) }),
  response: z.object({ entries: z.array(user), page_info: pageInfo }),
  async handle({ query }, { store }) {
    const window = windowOf(query)
    const page = await listProfiles(store.db, { table: 'users' }, window)
    const more = await included(
      store.db,
      query.include,
      page.rows.map(({ id }) => id),
    )
    const entries = page.rows.map((row) => ({ ...userOf(row.id, row, row.updated_at), ...more(row.id) }))
    return { entries, page_info: pageInfoOf(page, window) }
  },
})

const mergeUser = defineRoute({
  method: 'post',
  path: '/v1/users/:id/merge',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Merge another user into this one',
  description:
    'Gives them what the other has, and their own goes before: properties at every depth, preference sets, channel data, subscriptions, schedules; and all messages, and what is pending. The other is gone as a user, and their id means this one from then on in triggers, cancels and whatever a secret key writes. Done again it changes nothing.',
  params,
  body: z.object({ from_user_id: userId.describe('Who is merged, and gone afterwards') }),
  response: user,
  errors: ['resource_missing'],
  async handle({ params, body }, context) {
    const id = await mergeUsers(context, body.from_user_id, params.id)
    if (id === undefined)
      throw new ApiError('resource_missing', { message: `Nothing is known of the user ${body.from_user_id}` })
    return existing(context.store.db, id)
  },
})

export const userRoutes = [putUser, getUser, removeUser, getUsers, mergeUser]
