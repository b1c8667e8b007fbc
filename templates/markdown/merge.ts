import type { Group, Groups } from './groups.ts'
import { isSilent } from './groups.ts'
import type { Element, Node } from './tree.ts'

const MERGED = new Set(['bullet_list_open', 'ordered_list_open'])

interface Unit {
  nodes: Node[]
  group: Group | null
}

/**
 * One list of lists of a kind that only tags stand between, and of one that a loop goes around: the tags go around items.
 * A list that may come out without items is marked so.
 */
export function merged(nodes: Node[], groups: Groups, tags: ReadonlyMap<number, string>): Node[] {
  const within = nodes.map((node) =>
    node.kind === 'element' ? { ...node, children: merged(node.children, groups, tags) } : node,
  )
  const result: Node[] = []
  for (let at = 0; at < within.length;) {
    const run = runFrom(within, at)
    if (run.length === 0) result.push(within[at++]!)
    else {
      result.push(...mergedRun(run))
      at += run.length
    }
  }
  return result

  /** Lists of one kind and tags that show nothing, from here on. */
  function runFrom(all: Node[], from: number): Node[] {
    let kind: string | undefined
    let to = from
    for (; to < all.length; to++) {
      const node = all[to]!
      if (node.kind === 'tag' && (groups.has(node.number) || isSilent(tags.get(node.number) ?? ''))) continue
      const own = kindOf(node)
      if (own === undefined || (kind !== undefined && own !== kind)) break
      kind = own
    }
    return kind === undefined ? [] : all.slice(from, to)
  }

  /** Cut where a group is not within it. */
  function mergedRun(run: Node[]): Node[] {
    const here = new Set(run.flatMap((node) => (node.kind === 'tag' ? node.number : [])))
    const done: Node[] = []
    let part: Node[] = []
    const flush = () => {
      done.push(...mergedPart(part))
      part = []
    }
    for (const node of run) {
      const isWhole = node.kind !== 'tag' || (groups.get(node.number)?.tags.every((tag) => here.has(tag)) ?? true)
      if (isWhole) {
        part.push(node)
        continue
      }
      flush()
      done.push(node)
    }
    flush()
    return done
  }

  function mergedPart(part: Node[]): Node[] {
    const units = unitsOf(part)
    const holding = units.filter(({ nodes: all }) => all.some((node) => node.kind === 'element'))
    const [only] = holding
    if (only === undefined) return part
    if (holding.length === 1) {
      const at = units.indexOf(only)
      const before = units.slice(0, at).flatMap((unit) => unit.nodes)
      const after = units.slice(at + 1).flatMap((unit) => unit.nodes)
      if (only.group === null) return part
      if (only.group.name !== 'for') return [...before, ...inBranches(only.nodes, only.group), ...after]
      return [...before, oneList([only]), ...after]
    }
    const first = units.indexOf(only)
    const last = units.indexOf(holding.at(-1)!)
    return [
      ...units.slice(0, first).flatMap((unit) => unit.nodes),
      oneList(units.slice(first, last + 1)),
      ...units.slice(last + 1).flatMap((unit) => unit.nodes),
    ]
  }

  function inBranches(nodes_: Node[], group: Group): Node[] {
    const done: Node[] = []
    let part: Node[] = []
    for (const node of nodes_) {
      if (node.kind !== 'tag' || !group.tags.includes(node.number)) {
        part.push(node)
        continue
      }
      done.push(...mergedPart(part), node)
      part = []
    }
    return done
  }

  /** Groups whole, with what they go around, and all else by itself. */
  function unitsOf(part: Node[]): Unit[] {
    const units: Unit[] = []
    for (let at = 0; at < part.length;) {
      const node = part[at]!
      const group = node.kind === 'tag' ? groups.get(node.number) : undefined
      const end = group?.tags.at(-1)
      let to = at
      while (group !== undefined && !isTag(part[to]!, end)) to++
      units.push({ nodes: part.slice(at, to + 1), group: group ?? null })
      at = to + 1
    }
    return units
  }
}

const isTag = (node: Node, number: number | undefined) => node.kind === 'tag' && node.number === number

function kindOf(node: Node): string | undefined {
  if (node.kind !== 'element' || !MERGED.has(node.start.type)) return undefined
  return `${node.start.type} ${node.start.markup}`
}

function oneList(units: Unit[]): Element {
  const nodes = units.flatMap((unit) => unit.nodes)
  const first = nodes.find((node): node is Element => node.kind === 'element')!
  const children = nodes.flatMap((node) => (node.kind === 'element' ? node.children : [node]))
  const mayBeEmpty = units.every(({ group }) => group !== null)
  if (mayBeEmpty) for (const token of [first.start, first.end!]) token.meta = { mayBeEmpty }
  return { ...first, children }
}
