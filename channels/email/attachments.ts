/** A file that goes out with an e-mail. */
export interface Attachment {
  name: string
  contentType: string
  /** Where the HTML shows it, as `cid:…`; null: it stands beside the text. */
  contentId: string | null
  content: Buffer
}

const MOST = 20
/** Of all files of one e-mail, decoded. */
const MOST_BYTES = 8_000_000

/** All recipients of a trigger have one list. */
const read = new WeakMap<object, Attachment[]>()

/**
 * The files under a template's `attachment_key`: a list of `{name, content_type, content, content_id?}`, the content in
 * base64; nothing there is none. Throws an Error that names the place under `key` and what is wrong.
 */
export function attachmentsOf(value: unknown, key: string): Attachment[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Error(`data.${key} must be a list of attachments`)
  const known = read.get(value)
  if (known !== undefined) return known
  if (value.length > MOST) throw new Error(`data.${key} holds more than ${MOST} attachments`)
  const attachments = value.map((each: unknown, index) => attachmentOf(each, `data.${key}[${index}]`))
  const bytes = attachments.reduce((sum, { content }) => sum + content.length, 0)
  if (bytes > MOST_BYTES) throw new Error(`the attachments in data.${key} are larger than ${MOST_BYTES} bytes`)
  read.set(value, attachments)
  return attachments
}

function attachmentOf(given: unknown, at: string): Attachment {
  if (typeof given !== 'object' || given === null) throw new Error(`${at} must be an object with name and content`)
  const field = (name: string) => (given as Record<string, unknown>)[name]
  const name = field('name')
  if (typeof name !== 'string' || !/^[^\p{Cc}/\\]{1,255}$/u.test(name))
    throw new Error(`${at}.name must be a file name of 1 to 255 characters`)
  const contentType = field('content_type') ?? 'application/octet-stream'
  if (
    typeof contentType !== 'string' ||
    !/^[\w.+-]{1,100}\/[\w.+-]{1,100}(?:; ?[\w.+-]{1,50}=[\w.+-]{1,100})?$/.test(contentType)
  )
    throw new Error(`${at}.content_type must be a media type, such as application/pdf`)
  const contentId = field('content_id') ?? null
  if (contentId !== null && (typeof contentId !== 'string' || !/^[\w.@+-]{1,255}$/.test(contentId)))
    throw new Error(`${at}.content_id must be 1 to 255 letters, digits and ._@+-`)
  const content = field('content')
  if (typeof content !== 'string' || content === '') throw new Error(`${at}.content must be the file in base64`)
  const text = content.replace(/\s+/g, '')
  if (text.length > (MOST_BYTES * 4) / 3 + 4) throw new Error(`${at} is larger than ${MOST_BYTES} bytes`)
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw new Error(`${at}.content is not base64`)
  return { name, contentType, contentId, content: Buffer.from(text, 'base64') }
}
