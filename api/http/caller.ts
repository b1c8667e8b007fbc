import type { KnownKey } from './auth.ts'
import type { UserToken } from './user-token.ts'

/** Who calls: a key and, where public keys need one, the user whose token came with it. */
export interface ApiCaller extends KnownKey {
  /** Absent: a secret key, or a public key where user tokens are not asked for; it may act for every user. */
  token?: UserToken
}
