import { unescapeHtml } from '../../templates/escape.ts'
import { placeMark, placesIn } from '../../templates/markdown-source/places.ts'
import type { ChatContent } from './content.ts'
import { MISSING, type Links } from '../links.ts'
import type { Outgoing, SendResult } from '../sender.ts'

/** The target of a Markdown link or picture, or an address between angle brackets: whole, up to what ends it. */
const TARGET = /(\]\(|<)(https?:\/\/[^\s<>()]+)([)>\s])/gi
/** How far before its target the text of a picture is looked for. */
const PICTURE = 1_000
/** Markdown's escapes of a value. */
const ESCAPED = /\\([!-/:-@[-`{-~])/g

/** Within code an address is text. */
const CODE = new Set(['code', 'fence', 'block'])

/**
 * Sends a chat message, its Markdown's links leading over ours where it asks for that; what could not be done is kept with
 * the message. Pictures, addresses that are no links, and a JSON body stay as they are.
 */
export async function sendTracked(
  message: Outgoing<ChatContent>,
  links: Links | undefined,
  send: (message: Outgoing<ChatContent>) => Promise<SendResult>,
): Promise<SendResult> {
  const { link_tracking: isAsked, template } = message.content
  if (isAsked !== true) return send(message)
  if (links === undefined) return { ...(await send(message)), filled: { tracking: MISSING } }
  if (template.json_content !== null)
    return { ...(await send(message)), filled: { tracking: 'off: the links of a json_body stay as they are' } }
  const blocks = template.blocks.map((block) => {
    return { ...block, content: trackedMarkdown(block.content, message.messageId, links) }
  })
  return send({ ...message, content: { ...message.content, template: { ...template, blocks } } })
}

function trackedMarkdown(source: string, messageId: string, links: Links): string {
  const found: number[] = []
  const marked = source.replace(TARGET, (whole: string, ...[before, , , at]: [string, string, string, number]) => {
    found.push(at)
    return before + placeMark(found.length - 1) + whole.slice(before.length)
  })
  const places = found.length === 0 ? null : placesIn(marked)
  let number = -1
  return source.replace(TARGET, (whole: string, before: string, written: string, end: string, at: number) => {
    number += 1
    if (CODE.has(places?.get(number)?.kind ?? '')) return whole
    if (before !== '<' && isPicture(source.slice(Math.max(0, at - PICTURE), at))) return whole
    const target = unescapeHtml(written.replace(ESCAPED, '$1'))
    const ours = links.isOurs(target) || !URL.canParse(target) ? null : links.click(messageId, target)
    return ours === null ? whole : before + ours + end
  })
}

/** Whether what stands before a target's `](` begins as a picture does. */
function isPicture(before: string): boolean {
  const from = before.lastIndexOf('[')
  return from > 0 && before[from - 1] === '!'
}
