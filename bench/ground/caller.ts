import { Pool } from 'undici'

export interface Answer<Body> {
  status: number
  body: Body
  /** From the first byte sent to the last received, at this end. */
  ms: number
}

/** A caller of the API that keeps its connections. */
export class Caller {
  readonly #pool: Pool
  readonly #headers: Record<string, string>

  constructor(url: string, key: string) {
    this.#pool = new Pool(url, { connections: 64, headersTimeout: 120_000, bodyTimeout: 120_000 })
    this.#headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  }

  /** `body` as JSON; a text is sent as it is. */
  async post<Body = Record<string, unknown>>(path: string, body: unknown): Promise<Answer<Body>> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const started = performance.now()
    const response = await this.#pool.request({ method: 'POST', path, headers: this.#headers, body: text })
    const answer = await response.body.text()
    return { status: response.statusCode, body: JSON.parse(answer) as Body, ms: performance.now() - started }
  }

  /** Must be answered 200. */
  async ok<Body = Record<string, unknown>>(path: string, body: unknown): Promise<Answer<Body>> {
    const answer = await this.post<Body>(path, body)
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
