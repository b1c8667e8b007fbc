import type { Context } from './route.ts'

/** Go SDKs 1.0 to 1.15 fail on a body here, after the cancel was done. */
const GO_READS_BODIES_FROM: readonly [number, number] = [1, 16]

/** Whether a cancel is to be answered as Knock does, with a bare 204. */
export function wantsNoBody({ header }: Pick<Context, 'header'>): boolean {
  if (/(^|[,;\s])return\s*=\s*"?minimal"?(?=$|[,;\s])/i.test(header('prefer') ?? '')) return true
  if (header('x-stainless-lang') !== 'go') return false
  const version = /^v?(\d+)\.(\d+)/.exec(header('x-stainless-package-version') ?? '')
  if (version === null) return false
  const [major, minor] = [Number(version[1]), Number(version[2])]
  return major < GO_READS_BODIES_FROM[0] || (major === GO_READS_BODIES_FROM[0] && minor < GO_READS_BODIES_FROM[1])
}
