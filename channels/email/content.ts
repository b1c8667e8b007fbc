import type { JsonObject } from '../../store/schema/index.ts'

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
