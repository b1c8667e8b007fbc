import type { HttpAnswer } from '../http-client.ts'
import { jsonOf, notTaken, refusal, type ApiRequest } from '../provider.ts'
import type { SendResult } from '../sender.ts'

const KEPT_MS = 3_600_000
const MOST = 10_000

/** Ids by token and e-mail, for an hour: the method takes some 50 calls a minute. */
const known = new Map<string, { id: string; until: number }>()

/** Errors about the e-mail; any other is one that an operator mends, or that is over soon. */
const ABOUT_IT = new Set(['users_not_found', 'invalid_email'])

/**
 * The id of the Slack user with this e-mail: https://docs.slack.dev/reference/methods/users.lookupByEmail, with the scope
 * users:read.email. Nothing was sent yet where there is none.
 */
export async function slackUserOf(
  email: string,
  { apiUrl, token, ask }: { apiUrl: string; token: string; ask: (request: ApiRequest) => Promise<HttpAnswer> },
): Promise<{ id: string } | { end: SendResult }> {
  const key = `${apiUrl} ${token} ${email}`
  const before = known.get(key)
  if (before !== undefined && before.until > Date.now()) return { id: before.id }
  const answer = await ask({
    url: `${apiUrl}/users.lookupByEmail?${new URLSearchParams({ email }).toString()}`,
    method: 'GET',
    headers: { authorization: `Bearer ${token}` },
    body: null,
  })
  const { ok, user, error } = jsonOf(answer) as { ok?: unknown; user?: { id?: unknown } | null; error?: unknown }
  if (answer.status === 200 && ok === true && typeof user?.id === 'string') {
    if (known.size >= MOST) known.clear()
    known.set(key, { id: user.id, until: Date.now() + KEPT_MS })
    return { id: user.id }
  }
  if (typeof error === 'string' && ABOUT_IT.has(error))
    return { end: { kind: 'not_sent', reason: `Slack has no user with the recipient’s e-mail (${error})` } }
  const reason = `users.lookupByEmail answered ${typeof error === 'string' ? error : answer.status}`
  return { end: answer.status < 300 ? notTaken(answer, reason) : refusal(answer, reason) }
}
