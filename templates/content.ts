/** What a channel step renders to: kept with the message, shown by the API in Knock's shape, sent by its channel. Plain JSON. */
export type Rendered =
  | { channelType: 'in_app_feed'; content: FeedContent }
  | { channelType: 'email'; content: EmailContent }
  | { channelType: 'http'; content: HttpContent }

/** `body` always; then `action_url` or `actions`, where the template has them. */
export interface FeedContent {
  blocks: FeedBlock[]
}

/** `content` is the text with its values filled in, `rendered` what a client shows: safe HTML for markdown. */
export type FeedBlock =
  | { name: 'body'; type: 'markdown'; content: string; rendered: string }
  | { name: 'action_url'; type: 'text'; content: string; rendered: string }
  | { name: 'actions'; type: 'button_set'; buttons: { name: string; label: string; action: string }[] }

export interface EmailContent {
  /** One line. */
  subject_line: string
  html_body: string
  /** Null where the template has an html_body and no text_body. */
  text_body: string | null
}

/** A request to make. Header names and values are safe to send as they are; the body is sent byte for byte. */
export interface HttpContent {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** http: or https:, without the query parameters below. */
  url: string
  headers: { key: string; value: string }[]
  query: { key: string; value: string }[]
  body: string | null
}
