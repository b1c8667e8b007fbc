import { atMost, charactersOf } from '../too-long.ts'

const provider = 'Slack'

/** Of a block's own text, by its type (https://docs.slack.dev/reference/block-kit/blocks). */
const TEXT_OF_BLOCK: Partial<Record<string, number>> = { section: 3_000, header: 150, markdown: 12_000 }
const FIELD = 2_000

/**
 * Throws TooLong where Slack would refuse the message, or cut it: 40,000 characters of text
 * (https://docs.slack.dev/changelog/2018-truncating-really-long-messages), 50 blocks, 3,000 characters a section.
 */
export function assertSlackTakes(body: { text?: unknown; blocks?: unknown }, field = 'text'): void {
  atMost({ field, provider, size: charactersOf(body.text), most: 40_000, unit: 'characters' })
  if (!Array.isArray(body.blocks)) return
  atMost({ field: 'blocks', provider, size: body.blocks.length, most: 50, unit: 'items' })
  for (const [index, block] of (body.blocks as unknown[]).entries()) {
    const { type, text, fields } = (block ?? {}) as { type?: unknown; text?: unknown; fields?: unknown }
    const most = TEXT_OF_BLOCK[String(type)]
    if (most !== undefined) check(`blocks[${index}].text`, text, most)
    if (!Array.isArray(fields)) continue
    for (const [number, field] of (fields as unknown[]).entries())
      check(`blocks[${index}].fields[${number}]`, field, FIELD)
  }
}

/** A text object, or a markdown block's text as it is. */
function check(field: string, given: unknown, most: number): void {
  const text = typeof given === 'string' ? given : (given as { text?: unknown } | null | undefined)?.text
  atMost({ field, provider, size: charactersOf(text), most, unit: 'characters' })
}
