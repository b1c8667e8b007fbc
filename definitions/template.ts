export interface Button {
  label: string
  action: string
}

/** Every string in a template is Liquid, but for header and query names. */
export interface FeedTemplate {
  markdownBody: string
  actionUrl: string | null
  actionButtons: Button[]
  /** Its links lead over ours. Absent: no. */
  linkTracking?: true
}

export interface EmailTemplate {
  subject: string
  body: { html: string } | { visualBlocks: VisualBlock[] }
  textBody: string | null
  /** Where in `data` its attachments stand; not Liquid. */
  attachmentKey: string | null
  /** The layout it stands in; null or absent: none of its own. */
  layoutKey?: string | null
  /** Liquid that runs before the layout, for its assigns. */
  preContent?: string | null
  /** What a list of mails shows beside the subject. Absent: none of its own. */
  previewText?: string
  /** The HTML of its body is MJML: a document, or a part of its layout's. Absent: no. */
  isMjml?: true
  /** Where the step says otherwise than its channel. Absent: nowhere. */
  overrides?: EmailOverrides
  tracking?: Tracking
  /** A JSON object once it is rendered: fields of the provider's own. Absent: none. */
  jsonOverrides?: string
}

/** Liquid; `to`, `cc`, `bcc` and `replyTo` may be lists with commas. */
export interface EmailOverrides {
  from?: string
  fromName?: string
  to?: string
  cc?: string
  bcc?: string
  replyTo?: string
}

/** Whether a step wants to be told of clicks and openings; absent: as its channel has it. */
export interface Tracking {
  links?: boolean
  openings?: boolean
}

/** Space around a block, in pixels, and where its content stands. */
export interface Edges {
  top: number
  right: number
  bottom: number
  left: number
  align: 'left' | 'center' | 'right' | null
}

/** Colours are CSS, or a name of `vars.branding` such as primary_color; null: as the variant has it. Lengths in pixels. */
export interface ButtonLook {
  variant: 'solid' | 'outline'
  size: 'sm' | 'md' | 'lg'
  fullWidth: boolean
  backgroundColor: string | null
  textColor: string | null
  borderColor: string | null
  borderWidth: number | null
  radius: number
}

export interface EmailButton extends Button {
  look?: ButtonLook
}

export type VisualBlock =
  | { type: 'markdown'; content: string; edges?: Edges }
  | { type: 'html'; content: string; edges?: Edges }
  | { type: 'button_set'; buttons: EmailButton[]; gap?: number; edges?: Edges }
  | { type: 'divider'; edges?: Edges }
  | { type: 'image'; url: string; alt: string; action: string | null; width: string | null; edges?: Edges }
  | { type: 'partial'; key: string; attrs: Record<string, string> }
  | { type: 'row'; columns: VisualBlock[][]; edges?: Edges }

export const httpMethods = ['get', 'post', 'put', 'patch', 'delete'] as const
export type HttpMethod = (typeof httpMethods)[number]

export interface HttpTemplate {
  method: HttpMethod
  url: string
  headers: { key: string; value: string }[]
  queryParams: { key: string; value: string }[]
  body: string | null
}

export interface SmsTemplate {
  textBody: string
  /** Instead of the recipient's phone_number. */
  toNumber: string | null
  /** A JSON object once it is rendered. */
  payloadOverrides: string | null
  /** Whether clicks of its links are told. Absent: no. */
  linkTracking?: true
}

export interface PushTemplate {
  title: string
  textBody: string
  deliveryType: 'content' | 'silent'
  payloadOverrides: string | null
  /** What a provider says is no more stays in channel data. Absent: it is dropped. */
  keepsTokens?: true
}

/** Has a jsonBody or a markdownBody that is not empty. */
export interface ChatTemplate {
  markdownBody: string
  /** A JSON object once it is rendered, in the provider's own shape. */
  jsonBody: string | null
  summary: string | null
  /** Whom channel data does not name is not looked up by e-mail. Absent: is. */
  namedOnly?: true
  /** The links of its Markdown lead over ours. Absent: no. */
  linkTracking?: true
}
