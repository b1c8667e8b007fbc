import type { JsonObject } from '../store/schema/index.ts'

/** What a channel step renders to: kept with the message, shown by the API in Knock's shape, sent by its channel. Plain JSON. */
export type Rendered =
  | { channelType: 'in_app_feed'; content: FeedContent }
  | { channelType: 'email'; content: EmailContent }
  | { channelType: 'http'; content: HttpContent }
  | { channelType: 'sms'; content: SmsContent }
  | { channelType: 'push'; content: PushContent }
  | { channelType: 'chat'; content: ChatContent }

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
  /** Where the step says otherwise than its channel. Lists have commas; what came out empty is left out. */
  settings?: EmailSettings
}

/** Absent: as the channel has it. */
export interface EmailSettings {
  to?: string
  cc?: string
  bcc?: string
  from?: string
  from_name?: string
  reply_to?: string
  link_tracking?: boolean
  open_tracking?: boolean
  /** Who gets it may unsubscribe from such mail. */
  commercial?: true
  /** Where in the trigger's data its attachments stand: they are not stored with each message. */
  attachment_key?: string
  /** Fields of the provider's own. */
  json_overrides?: JsonObject
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

export interface SmsContent {
  /** The number the template names; null: the recipient's. Filled in at the send. */
  to: string | null
  body: string
  /** Laid over what the provider is sent. */
  payload_overrides: JsonObject | null
  /** Its links lead over ours, which tell of clicks. Absent: no. */
  link_tracking?: true
}

export interface PushContent {
  /** The device it goes to: its token; of a browser, its endpoint. Absent: the recipient had none when it was made. */
  token?: string
  title: string
  body: string
  /** A silent one wakes the app and shows nothing. */
  delivery_type: 'content' | 'silent'
  payload_overrides: JsonObject | null
  /** A device that is no more stays in the recipient's channel data. Absent: it is dropped. */
  token_deregistration?: false
}

/** `content` is Markdown in which nothing of a value is markup. With `json_content` that is sent, and the blocks are not. */
export interface ChatContent {
  template: {
    blocks: { name: 'body'; type: 'markdown'; content: string }[]
    json_content: JsonObject | null
    /** What a notification of the message says. */
    summary: string | null
  }
  /** A recipient whom channel data does not name is not looked up by e-mail. Absent: is. */
  email_based_user_id_resolution?: false
  /** The links of its Markdown lead over ours, which tell of clicks. Absent: no. */
  link_tracking?: true
}
