import { request } from 'node:http'
import { SECRET_KEY } from '../product/api-server.ts'

/** How a client in another language writes its requests, apart from paths and bodies. */
export interface Dialect {
  name: string
  /** Of every request; content types stand here, too. */
  headers: (method: string) => Record<string, string>
  /** What comes after the path where nothing is asked for: Net::HTTP leaves a question mark. */
  emptyQuery: string
  /** What a body of JSON ends with. */
  end: string
}

export interface RawAnswer {
  status: number
  type: string | undefined
  text: string
  body: unknown
}

/** One request, byte by byte as the client writes it: its headers and no others, no body unless there is one. */
export function rawRequest(
  url: string,
  dialect: Dialect,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<RawAnswer> {
  const text = body === undefined ? '' : `${JSON.stringify(body)}${dialect.end}`
  const headers: Record<string, string> = { authorization: `Bearer ${SECRET_KEY}`, ...dialect.headers(method) }
  if (method !== 'GET') headers['content-length'] = String(Buffer.byteLength(text))
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path.includes('?') ? path : path + dialect.emptyQuery}`, { method, headers })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const type = response.headers['content-type']
        resolve({ status: response.statusCode!, type, text, body: text === '' ? undefined : JSON.parse(text) })
      })
    })
    sent.end(text)
  })
}
