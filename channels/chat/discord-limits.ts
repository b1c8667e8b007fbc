import { atMost, charactersOf } from '../too-long.ts'

const provider = 'Discord'

/**
 * Throws TooLong where Discord would refuse the message: 2,000 characters of content, 10 embeds, 6,000 characters in all of
 * them together (https://discord.com/developers/docs/resources/message#embed-object-embed-limits).
 */
export function assertDiscordTakes(
  { content, embeds }: { content?: unknown; embeds?: unknown },
  field = 'content',
): void {
  atMost({ field, provider, size: charactersOf(content), most: 2_000, unit: 'characters' })
  if (!Array.isArray(embeds)) return
  atMost({ field: 'embeds', provider, size: embeds.length, most: 10, unit: 'items' })
  const sizes = (embeds as unknown[]).map((embed, index) => charactersIn(embed, `embeds[${index}]`))
  const size = sizes.reduce((sum, each) => sum + each, 0)
  atMost({ field: 'all of embeds', provider, size, most: 6_000, unit: 'characters' })
}

interface Embed {
  title?: unknown
  description?: unknown
  footer?: { text?: unknown } | null
  author?: { name?: unknown } | null
  fields?: unknown
}

function charactersIn(given: unknown, at: string): number {
  const { title, description, footer, author, fields } = (given ?? {}) as Embed
  const listed = Array.isArray(fields) ? (fields as ({ name?: unknown; value?: unknown } | null)[]) : []
  atMost({ field: `${at}.fields`, provider, size: listed.length, most: 25, unit: 'items' })
  const texts: [field: string, text: unknown, most: number][] = [
    ['title', title, 256],
    ['description', description, 4_096],
    ['footer.text', footer?.text, 2_048],
    ['author.name', author?.name, 256],
    ...listed.flatMap((field, number): [string, unknown, number][] => [
      [`fields[${number}].name`, field?.name, 256],
      [`fields[${number}].value`, field?.value, 1_024],
    ]),
  ]
  return texts.reduce((sum, [field, text, most]) => {
    const size = charactersOf(text)
    atMost({ field: `${at}.${field}`, provider, size, most, unit: 'characters' })
    return sum + size
  }, 0)
}
