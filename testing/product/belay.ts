import assert from 'node:assert/strict'
import type { z } from 'zod'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import type { feedItem } from '../../resources/feed.ts'
import type { message } from '../../resources/message.ts'
import type { recipientRun } from '../../resources/recipient-run.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'

export type FeedItem = z.output<typeof feedItem>
export type Message = z.output<typeof message>
export type RecipientRun = z.output<typeof recipientRun>

export interface Answered<Body> {
  status: number
  headers: Headers
  body: Body
  /** How long the answer took. */
  ms: number
}

/** A caller of the API who has the secret key. */
export class Belay {
  readonly #url: () => string
  readonly #key: string

  /** `url` is asked at each call: a product started again listens elsewhere. */
  constructor(url: () => string, key: string) {
    this.#url = url
    this.#key = key
  }

  /** Where it listens now. */
  get url(): string {
    return this.#url()
  }

  async request<Body>(method: string, path: string, body?: unknown): Promise<Answered<Body>> {
    const started = performance.now()
    const response = await fetch(this.#url() + path, {
      method,
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const ms = performance.now() - started
    const parsed = (text === '' ? undefined : JSON.parse(text)) as Body
    return { status: response.status, headers: response.headers, body: parsed, ms }
  }

  async #ok<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.request<Body>(method, path, body)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  trigger(definition: string, body: object): Promise<TriggerAnswer> {
    return this.#ok('POST', `/v1/workflows/${definition}/trigger`, body)
  }

  cancel(definition: string, body: object): Promise<Verdict> {
    return this.#ok('POST', `/v1/workflows/${definition}/cancel`, body)
  }

  post<Body>(path: string, body: object): Promise<Body> {
    return this.#ok('POST', path, body)
  }

  get<Body>(path: string): Promise<Body> {
    return this.#ok('GET', path)
  }

  putUser(id: string, properties: object): Promise<unknown> {
    return this.#ok('PUT', `/v1/users/${id}`, properties)
  }

  /** Newest first. */
  async feed(user: string, query = ''): Promise<FeedItem[]> {
    const { entries } = await this.get<{ entries: FeedItem[] }>(`/v1/users/${user}/feeds/in-app-feed?${query}`)
    return entries
  }

  /** All pages, newest first. */
  messages(query: Record<string, string> = {}): Promise<Message[]> {
    return this.#all('/v1/messages', query)
  }

  /** All pages, newest first. */
  messagesOf(user: string): Promise<Message[]> {
    return this.#all(`/v1/users/${user}/messages`, {})
  }

  /** All pages, newest first. */
  recipientRuns(query: Record<string, string> = {}): Promise<RecipientRun[]> {
    return this.#all('/v1/workflow_recipient_runs', query)
  }

  async #all<Item>(path: string, query: Record<string, string>): Promise<Item[]> {
    const items: Item[] = []
    for (let after: string | null = ''; after !== null;) {
      const params = new URLSearchParams({ ...query, page_size: '50', ...(after === '' ? {} : { after }) })
      const page: { items: Item[]; page_info: { after: string | null } } = await this.get(
        `${path}?${params.toString()}`,
      )
      items.push(...page.items)
      after = page.page_info.after
    }
    return items
  }
}

/** The rendered body of each in-app item. */
export function bodies(items: readonly FeedItem[]): string[] {
  return items.map(({ blocks }) => {
    const [body] = blocks
    return body !== undefined && 'content' in body ? body.content : ''
  })
}
