import { importPKCS8, SignJWT } from 'jose'
import { withoutHidden } from '../hidden.ts'
import { jsonOf, notTaken, type ApiSend } from '../provider.ts'
import { NotSent, type SendResult } from '../sender.ts'

export interface ServiceAccount {
  project_id: string
  client_email: string
  private_key: string
  token_uri: string
}

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
/** A token is asked for anew this long before it ends. */
const EARLY_MS = 60_000

/** Google's access tokens by service account, for the life of the process. */
export class GoogleTokens {
  readonly #known = new Map<string, { token: string; until: number }>()

  /**
   * A token for a service account: a signed assertion is exchanged for it
   * (https://developers.google.com/identity/protocols/oauth2/service-account#httprest). Answers how the send ends where
   * there is none.
   */
  async get(account: ServiceAccount, ask: ApiSend<never, never>['ask']): Promise<string | SendResult> {
    const known = this.#known.get(account.client_email)
    const now = Date.now()
    if (known !== undefined && known.until > now) return known.token
    const assertion = await signed(account, Math.floor(now / 1_000))
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
    const answer = await ask({ url: account.token_uri, body: new URLSearchParams(grant) })
    const { access_token: token, expires_in: seconds, error, error_description: words } = jsonOf(answer)
    if (answer.status !== 200 || typeof token !== 'string') {
      // Google refuses an account or a key: an operator mends that.
      const said = typeof error === 'string' ? [error, words].join(' ') : answer.body.slice(0, 300)
      return notTaken(answer, `Google gives no token: ${answer.status} ${withoutHidden(said, [assertion])}`)
    }
    this.#known.set(account.client_email, {
      token,
      until: now + (typeof seconds === 'number' ? seconds * 1_000 : 0) - EARLY_MS,
    })
    return token
  }

  forget({ client_email }: ServiceAccount): void {
    this.#known.delete(client_email)
  }
}

async function signed({ client_email, private_key, token_uri }: ServiceAccount, now: number): Promise<string> {
  const key = await importPKCS8(private_key, 'RS256').catch(() => {
    throw new NotSent('the private_key of the service account is not a PKCS #8 key')
  })
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(client_email)
    .setAudience(token_uri)
    .setIssuedAt(now)
    .setExpirationTime(now + 3_600)
    .sign(key)
}
