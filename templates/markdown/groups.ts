/** The tags of one `{% for %}`, `{% if %}` or the like, from its first to its end. */
export interface Group {
  /** `for`, `if`, … */
  name: string
  /** Numbers of its tags, in their order: the first opens it, the last ends it, those between begin another branch. */
  tags: number[]
}

/** The group of each tag that has one, by its number. */
export type Groups = ReadonlyMap<number, Group>

const OPENING = new Set(['for', 'if', 'unless', 'case', 'tablerow', 'capture', 'ifchanged', 't'])
const BETWEEN = new Set(['else', 'elsif', 'when'])

/** Tags that show nothing by themselves, and hold nothing. */
const SILENT = new Set(['assign', 'comment', 'break', 'continue', '#'])

const nameOf = (source: string): string => /^\{%-?\s*([#\w]+)/.exec(source)?.[1] ?? ''
/** Whether the tag of this source shows nothing by itself, and holds nothing. */
export const isSilent = (source: string): boolean => SILENT.has(nameOf(source))

/** Groups of a text's tags, by number and source in their order. None where they do not nest: Liquid will say so. */
export function groupsOf(tags: ReadonlyMap<number, string>): Groups {
  const groups = new Map<number, Group>()
  const open: Group[] = []
  for (const [number, source] of tags) {
    const name = nameOf(source)
    if (OPENING.has(name)) {
      const group = { name, tags: [number] }
      open.push(group)
      groups.set(number, group)
      continue
    }
    const isEnd = name.startsWith('end') && OPENING.has(name.slice(3))
    if (!isEnd && !BETWEEN.has(name)) continue
    const group = isEnd ? open.pop() : open.at(-1)
    if (group === undefined || (isEnd && group.name !== name.slice(3))) return new Map()
    group.tags.push(number)
    groups.set(number, group)
  }
  return open.length > 0 ? new Map() : groups
}

/** Whether the tag of this number is the group's first. */
export const opens = (group: Group | undefined, tag: number): boolean => group?.tags[0] === tag
/** Whether the tag of this number is the group's last. */
export const ends = (group: Group | undefined, tag: number): boolean => group?.tags.at(-1) === tag
