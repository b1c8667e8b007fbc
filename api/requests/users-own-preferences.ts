import { notForUsers } from '../../preferences/conditions-of-users.ts'
import { ApiError } from '../http/errors.ts'
import { MAX_FAULTS } from '../http/field-errors.ts'
import type { Context } from '../http/route.ts'

/** Refuses preferences that come with a public key, with a user's token or without, and ask what only a secret key may. */
export function refuseForUsers({ caller }: Pick<Context, 'caller'>, set: unknown, at: readonly string[] = []): void {
  if (caller.kind === 'secret') return
  const fields = notForUsers(set, at).map((each) => ({ ...each, type: 'invalid' }))
  if (fields.length > 0) throw new ApiError('invalid_params', { fields: fields.slice(0, MAX_FAULTS) })
}
