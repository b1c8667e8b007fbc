import { Reply, type Context } from './route.ts'

/** Go SDKs 1.0 to 1.15 fail on a body here, after the cancel was done. */
const GO_READS_BODIES_FROM: readonly [number, number] = [1, 16]

/** The answer to a cancel, without its body for who asks so or would fail on it: Knock's bare 204. */
export function withoutBody<Answer>(context: Pick<Context, 'header'>, reply: Reply<Answer>): Reply<Answer> {
  return wantsNoBody(context) ? new Reply<Answer>(undefined, { status: 204, headers: reply.headers }) : reply
}

function wantsNoBody({ header }: Pick<Context, 'header'>): boolean {
  if (/(^|[,;\s])return\s*=\s*"?minimal"?(?=$|[,;\s])/i.test(header('prefer') ?? '')) return true
  if (header('x-stainless-lang') !== 'go') return false
  const version = /^v?(\d+)\.(\d+)/.exec(header('x-stainless-package-version') ?? '')
  if (version === null) return false
  const [major, minor] = [Number(version[1]), Number(version[2])]
  return major < GO_READS_BODIES_FROM[0] || (major === GO_READS_BODIES_FROM[0] && minor < GO_READS_BODIES_FROM[1])
}
