import type { SmsContent } from './content.ts'
import { MISSING, type Links } from '../links.ts'
import type { Outgoing } from '../sender.ts'

const ADDRESS = /https?:\/\/[^\s<>"]+/gi
/** What ends a sentence, or closes what was opened before the address, is none of it. */
const AFTER = /[.,;:!?)\]}'"]/

/** The text of an SMS, its links leading over ours where it asks for that; `told` is what could not be. */
export function trackedText(
  { messageId, content }: Outgoing<SmsContent>,
  links: Links | undefined,
): { body: string; told: Record<string, string> } {
  const { body, link_tracking: isTracked } = content
  if (isTracked !== true) return { body, told: {} }
  if (links === undefined) return { body, told: { tracking: MISSING } }
  const tracked = body.replace(ADDRESS, (found) => {
    const target = withoutEnd(found)
    const ours = links.isOurs(target) || !URL.canParse(target) ? null : links.click(messageId, target)
    return ours === null ? found : ours + found.slice(target.length)
  })
  return { body: tracked, told: {} }
}

function withoutEnd(address: string): string {
  let end = address.length
  while (AFTER.test(address[end - 1]!)) end -= 1
  return address.slice(0, end)
}
