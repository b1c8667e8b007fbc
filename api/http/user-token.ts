import { jwtVerify, errors } from 'jose'
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { findUnstorable } from '../../json/storable.ts'
import { userId } from '../../resources/ids.ts'
import { ApiError } from './errors.ts'
import { grantsOf, type Grants } from './grants.ts'

/** Who a user token speaks for, and what it may do. */
export interface UserToken {
  userId: string
  grants: Grants
  /** Epoch milliseconds. */
  expiresAt: number
}

/** A token of thousands of grants is none. */
const MAX_CHARACTERS = 16_384
/** Between the clocks of whoever signs and of this host. */
const TOLERANCE_S = 5

const claims = z.object({
  // One such as `teams#red` would be an object, and one with a NUL is nobody's.
  sub: userId.refine((id) => findUnstorable(id) === undefined),
  exp: z.number(),
  grants: z.record(z.string(), z.record(z.string(), z.array(z.unknown()))).nullish(),
  explicit_grants: z.boolean().nullish(),
})

const faults = new Map<unknown, string>([
  ['sub', 'sub must be the user’s id'],
  ['exp', 'it has no exp, the second at which it ends'],
])

/**
 * Reads a user token: a JWT signed with RS256, and no other algorithm, whose `sub` is the user's id, not expired by
 * `now`, in epoch milliseconds. One without `exp` is refused: it could be taken back only with the key that signed it. Throws `missing_user_token` and `invalid_user_token`,
 * which says what is wrong.
 */
export async function readUserToken(token: string | undefined, key: KeyObject, now: number): Promise<UserToken> {
  if (token === undefined || token.trim() === '') throw new ApiError('missing_user_token')
  if (token.length > MAX_CHARACTERS) throw refused('it is longer than 16 kB')
  const payload = await verified(token.trim(), key, now)
  const read = claims.safeParse(payload)
  if (!read.success) {
    throw refused(faults.get(read.error.issues[0]?.path[0]) ?? 'its grants are not read here')
  }
  const { sub, exp, grants, explicit_grants } = read.data
  return { userId: sub, grants: grantsOf(grants ?? {}, explicit_grants === true), expiresAt: exp * 1_000 }
}

async function verified(token: string, key: KeyObject, now: number): Promise<unknown> {
  try {
    const options = { algorithms: ['RS256'], currentDate: new Date(now), clockTolerance: TOLERANCE_S }
    return (await jwtVerify(token, key, options)).payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused('it has expired')
    if (error instanceof errors.JOSEAlgNotAllowed) throw refused('it must be signed with RS256')
    if (error instanceof errors.JWSSignatureVerificationFailed) throw refused('another key signed it')
    throw refused('it is no JWT that is read here')
  }
}

function refused(why: string): ApiError {
  return new ApiError('invalid_user_token', { message: `This user token is not valid: ${why}` })
}
