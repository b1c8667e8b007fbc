/** One request to a provider and its answer, as it is kept with a try: no header of ours, no content, nothing secret. */
export interface Exchange {
  request: { method: string; host: string; path: string | null }
  /** Null: none came. */
  response: { status: number; headers: Record<string, string>; body: string } | null
}

/** Of an answer’s body, in characters. */
const BODY_LENGTH = 2_000
/** A longer part of a path is a device’s token or a secret. */
const SEGMENT_LENGTH = 40
const HEADER_LENGTH = 200

/** What an operator asks a provider’s support about. */
const SHOWN_HEADERS = ['content-type', 'date', 'retry-after', 'x-request-id', 'request-id', 'apns-id', 'x-slack-req-id']

/** `showsPath`: the path is none that gives access to anything, as a webhook’s own address would. */
export function exchangeOf(
  { url, method, showsPath }: { url: URL; method: string; showsPath: boolean },
  answer: { status: number; headers: Record<string, string | string[] | undefined>; body: string } | null,
): Exchange {
  const path = showsPath ? shortened(url.pathname) : null
  return {
    request: { method, host: url.host, path },
    response: answer && {
      status: answer.status,
      headers: Object.fromEntries(
        SHOWN_HEADERS.flatMap((name) => {
          const value = answer.headers[name]
          return typeof value === 'string' ? [[name, storable(value, HEADER_LENGTH)]] : []
        }),
      ),
      body: storable(answer.body, BODY_LENGTH),
    },
  }
}

function shortened(path: string): string {
  return path
    .slice(0, 2_000)
    .split('/')
    .map((part) => (part.length > SEGMENT_LENGTH ? '…' : part))
    .join('/')
}

/** Without what Postgres cannot hold, and not cut within a character. */
function storable(text: string, length: number): string {
  return text
    .slice(0, length)
    .replaceAll('\u0000', '')
    .replace(/\p{Cs}/gu, '\uFFFD')
}
