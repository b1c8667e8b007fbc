import { jsonInTag, TAGS, type Covered } from './liquid-source.ts'
import { groupsOf, type Groups } from './markdown/groups.ts'

const BARE = /^(\{%-?\s*t)\s*(-?%\})$/

/**
 * Tells each `t` of a covered text what its author wrote, which is its key: compiled, `&` is `&amp;`, and a plain text has
 * no tags.
 */
export function keepKeys(covered: Covered, groups: Groups = groupsOf(covered.tags)): void {
  const { text, pieces, uncover } = covered
  if (!pieces.some((piece) => BARE.test(piece))) return
  const places = new Map(
    Array.from(text.matchAll(TAGS), ({ index, 0: mark, 1: digits }) => [Number(digits), { index, mark }]),
  )
  for (const { name, tags } of new Set(groups.values())) {
    const [first, last] = [places.get(tags[0]!), places.get(tags.at(-1)!)]
    if (name !== 't' || first === undefined || last === undefined) continue
    const key = uncover(text.slice(first.index + first.mark.length, last.index)).trim()
    pieces[tags[0]!] = pieces[tags[0]!]!.replace(
      BARE,
      (_tag, start: string, end: string) => `${start} '${jsonInTag(key)}' ${end}`,
    )
  }
}

const GIVEN = /^'(".*")'$/s

/** The key that a tag was told; undefined: none. */
export function keptKey(args: string): string | undefined {
  const json = GIVEN.exec(args.trim())?.[1]
  return json === undefined ? undefined : (JSON.parse(json) as string)
}
