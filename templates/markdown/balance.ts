import { TAGS } from '../liquid-source.ts'
import { opens, type Groups } from './groups.ts'
import type { Element, Node } from './tree.ts'

/** These are not cut in two: a tag whose group goes on outside stands before or behind. */
const WHOLE = new Set(['table_open', 'thead_open', 'tbody_open', 'tr_open', 'th_open', 'td_open'])

/**
 * Nodes in which all tags of a group are siblings, so that the elements nest whatever the tags do: an element that holds a
 * tag whose group goes on outside ends before it and begins again behind it. `moved` hears of tags that leave a table.
 */
export function balanced(nodes: Node[], groups: Groups, moved: (tag: number) => void): Node[] {
  return nodes.flatMap((node): Node[] => {
    if (node.kind === 'leaf') return fromAddresses(node.token, groups, moved).concat(node)
    if (node.kind === 'tag') return [node]
    const leaving = fromAddresses(node.start, groups, moved)
    const children = balanced(node.children, groups, moved)
    const here = new Set(children.flatMap((child) => (child.kind === 'tag' ? child.number : [])))
    const goesOn = (child: Node) =>
      child.kind === 'tag' && !(groups.get(child.number)?.tags.every((tag) => here.has(tag)) ?? true)
    if (!children.some(goesOn)) return [...leaving, { ...node, children }]
    if (WHOLE.has(node.start.type)) return [...leaving, ...around({ ...node, children }, goesOn, groups, moved)]
    return [...leaving, ...cut({ ...node, children }, goesOn)]
  })
}

/** A half that holds nothing goes. */
function cut(element: Element, goesOn: (child: Node) => boolean): Node[] {
  const result: Node[] = []
  let part: Node[] = []
  const flush = () => {
    if (part.some((child) => child.kind !== 'leaf' || !isBlank(child.token)))
      result.push({ ...element, children: part })
    part = []
  }
  for (const child of element.children) {
    if (!goesOn(child)) {
      part.push(child)
      continue
    }
    flush()
    result.push(child)
  }
  flush()
  return result
}

const isBlank = ({ type, content }: { type: string; content: string }) =>
  type === 'softbreak' || (type === 'text' && content.trim() === '')

function around(
  element: Element,
  goesOn: (child: Node) => boolean,
  groups: Groups,
  moved: (tag: number) => void,
): Node[] {
  const before: Node[] = []
  const after: Node[] = []
  const children: Node[] = []
  for (const child of element.children) {
    if (child.kind !== 'tag' || !goesOn(child)) {
      children.push(child)
      continue
    }
    const isBefore = children.length === 0 || opens(groups.get(child.number), child.number)
    ;(isBefore && after.length === 0 ? before : after).push(child)
    if (element.start.type === 'table_open') moved(child.number)
  }
  return [...before, { ...element, children }, ...after]
}

/** Takes tags out of an address, a title or the like that holds a part of their group only. */
function fromAddresses(
  token: { attrs: [string, string][] | null; info: string },
  groups: Groups,
  moved: (tag: number) => void,
): Node[] {
  const taken: Node[] = []
  const without = (text: string | number) => {
    if (typeof text === 'number') return text as unknown as string
    const here = new Set(Array.from(text.matchAll(TAGS), ([, digits]) => Number(digits)))
    return text.replace(TAGS, (mark, digits: string) => {
      const number = Number(digits)
      if (groups.get(number)?.tags.every((tag) => here.has(tag)) ?? true) return mark
      taken.push({ kind: 'tag', number })
      moved(number)
      return ''
    })
  }
  if (token.attrs !== null) token.attrs = token.attrs.map(([name, value]) => [name, without(value)])
  // Of what stands behind a fence its first word is shown.
  const [word] = /^\s*\S*/.exec(token.info)!
  const rest = token.info.slice(word.length)
  token.info = without(word)
  without(rest)
  return taken
}
