/** What a provider reports of a message that it took. */
export interface Report {
  messageId: string
  status: 'delivered' | 'undelivered' | 'bounced'
  /** The provider's words; null for a delivery. */
  reason: string | null
  /** Whom of an e-mail's addresses it is about. Absent: the provider does not say. */
  addresses?: string[]
}

/** A request with reports, as it came: what is signed are its bytes. */
export interface ReportRequest {
  body: Buffer
  /** With its query. */
  url: URL
  header: (name: string) => string | undefined
  /** Epoch milliseconds. */
  now: number
  /** Gets what the check of a signature needs, at an address that the reader has judged; bounded in time and size. Throws ReportRefused. */
  fetch: (url: URL) => Promise<{ status: number; body: string }>
}

export interface ReportReader {
  /** Settings of the channel that are needed to check a signature, `$NAME` replaced; a question mark: may be missing. */
  readonly needs: readonly string[]
  /** The reports in a request; what says nothing of these, such as openings, is left out. Throws ReportRefused. */
  read(request: ReportRequest, settings: Readonly<Record<string, string>>): Report[] | Promise<Report[]>
}

/** A request that the provider did not make, or not now. */
export class ReportRefused extends Error {
  override readonly name = 'ReportRefused'
}

/** How far a signed instant may be off, in milliseconds. */
const TOLERANCE_MS = 300_000

/** Throws ReportRefused for seconds since the epoch that are not about now. */
export function assertRecent(seconds: string | undefined, now: number, toleranceMs = TOLERANCE_MS): void {
  const at = Number(seconds) * 1_000
  if (seconds === undefined || seconds === '' || !(Math.abs(now - at) <= toleranceMs))
    throw new ReportRefused('the signed time is not about now')
}

/** Throws ReportRefused for what is no JSON. */
export function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new ReportRefused('the body is not JSON')
  }
}

/** Addresses that a report is about, of those that it may name; none: it does not say. */
export function about(...addresses: string[]): Pick<Report, 'addresses'> {
  const named = addresses.filter((address) => address !== '')
  return named.length > 0 ? { addresses: named } : {}
}

/** A field of what may be no object. */
export function fieldIn(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Record<string, unknown>)[name]
        : undefined,
    value,
  )
}

/** The text or number at a path, as a text; empty where there is neither. */
export function textIn(value: unknown, ...path: string[]): string {
  const found = fieldIn(value, ...path)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : ''
}
