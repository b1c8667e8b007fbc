import { recipientReference } from '../../store/ids/recipient.ts'
import { whoseMessages, type Whose } from '../../store/messages/whose.ts'
import type { Right } from './grants.ts'
import type { Context } from './route.ts'
import type { UserToken } from './user-token.ts'

/**
 * The ids of those messages that the caller may touch, in their order. To a user's token the messages of others are none:
 * what exists is not told.
 */
export async function ownMessages(
  { caller, store }: Pick<Context, 'caller' | 'store'>,
  ids: readonly string[],
  right: Right,
): Promise<string[]> {
  const { token } = caller
  if (token === undefined) return [...ids]
  const whose = await whoseMessages(store.db, ids)
  return ids.filter((id) => {
    const of = whose.get(id)
    return of !== undefined && reaches(token, of, right)
  })
}

function reaches({ userId, grants }: UserToken, { recipient, tenant }: Whose, right: Right): boolean {
  if (!grants.reaches(userId, recipientReference(recipient), 'feed', right)) return false
  const scope = grants.tenants(userId, 'feed', right)
  return scope === undefined || (tenant === null ? scope.none : scope.tenants.has(tenant))
}
