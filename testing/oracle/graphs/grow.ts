import fc from 'fast-check'
import { allNodes, named, overs, type Alternative, type Node, type NodeOf, type NodeType, type When } from './nodes.ts'

type Given<Type extends NodeType> = Omit<NodeOf<Type>, 'type' | 'ref' | 'when'>

const when = fc.constantFrom<When[]>('always', 'always', 'always', 'shared', 'not shared', 'kind a')
const asked = fc.constantFrom<Exclude<When, 'always'>[]>('shared', 'not shared', 'kind a', 'kind b')
const minutes = fc.constantFrom(1, 5, 10, 30)
const rarely = fc.integer({ min: 0, max: 4 }).map((dice) => dice === 0)

/** One kind: how often it comes up, whether its steps have conditions, and its parameters, with so many levels below. */
interface Growth<Type extends NodeType> {
  weight: number
  asks: boolean
  grow: (list: fc.Arbitrary<Node[]>) => fc.Arbitrary<Given<Type>>
}

const alternative = (list: fc.Arbitrary<Node[]>): fc.Arbitrary<Alternative> =>
  fc.record({ steps: list, terminates: rarely })
const nothing = () => fc.constant({})

/** Every kind of nodes.ts: one that is missing here does not compile. */
const kinds: { readonly [Type in NodeType]: Growth<Type> } = {
  batch: {
    weight: 7,
    asks: true,
    grow: () =>
      fc.record({
        minutes,
        sliding: fc.option(fc.record({ limit: fc.option(fc.constantFrom(4, 25)) }), { freq: 2 }),
        items: fc.option(fc.constantFrom(2, 3), { freq: 2 }),
        leading: rarely,
        byKind: rarely,
        latest: fc.boolean(),
      }),
  },
  branch: {
    weight: 3,
    asks: false,
    grow: (list) =>
      fc.record({
        ways: fc.array(
          fc.tuple(alternative(list), asked).map(([way, when]) => ({ ...way, when })),
          {
            minLength: 1,
            maxLength: 2,
          },
        ),
        standard: alternative(list),
      }),
  },
  channel: {
    weight: 6,
    asks: true,
    grow: () =>
      fc.record({
        over: fc.constantFrom(...overs),
        atNoon: rarely,
      }),
  },
  delay: {
    weight: 3,
    asks: true,
    grow: () =>
      fc.record({
        how: fc.oneof(
          { weight: 4, arbitrary: fc.record({ minutes }) },
          { weight: 2, arbitrary: fc.constantFrom('until' as const, 'before' as const, 'noon' as const) },
        ),
      }),
  },
  http_fetch: {
    weight: 2,
    asks: true,
    grow: () =>
      fc.record({ answer: fc.constantFrom('good' as const, 'good' as const, 'gone' as const, 'down' as const) }),
  },
  random_cohort: {
    weight: 1,
    asks: false,
    grow: (list) =>
      fc.tuple(fc.constantFrom(0, 20, 50, 100), alternative(list), alternative(list)).map(([percent, one, other]) => ({
        cohorts: [
          { ...one, percent },
          { ...other, percent: 100 - percent },
        ],
      })),
  },
  throttle: {
    weight: 2,
    asks: true,
    grow: () => fc.record({ limit: fc.constantFrom(1, 1, 2), minutes, byKind: rarely }),
  },
  trigger_workflow: { weight: 1, asks: true, grow: nothing },
  update_data: { weight: 1, asks: true, grow: () => fc.record({ kind: fc.constantFrom('a' as const, 'b' as const) }) },
  update_object: { weight: 1, asks: true, grow: nothing },
  update_tenant: { weight: 1, asks: true, grow: nothing },
  update_user: { weight: 1, asks: true, grow: nothing },
  wait_for_event: {
    weight: 5,
    asks: true,
    grow: () =>
      fc.record({
        event: fc.constantFrom('paid' as const, 'paid' as const, 'updated' as const, 'child' as const, 'seen' as const),
        matches: fc.constantFrom(null, null, 'a' as const, 'own' as const),
        minutes,
        lookBack: fc.option(fc.constant(20)),
        haltsOnMatch: rarely,
        haltsOnTimeout: rarely,
      }),
  },
}

/** Kinds of steps that come up. */
export const grown = Object.keys(kinds)

function nodeOf(type: NodeType, list: fc.Arbitrary<Node[]>): fc.Arbitrary<Node> {
  const { asks, grow } = kinds[type]
  const given = grow(list) as fc.Arbitrary<object>
  return fc.tuple(given, asks ? when : fc.constant<When>('always')).map(([own, conditions]) => {
    return { type, ref: '', when: conditions, ...own } as Node
  })
}

function listOf(depth: number, maxLength: number): fc.Arbitrary<Node[]> {
  const below = depth > 1 ? listOf(depth - 1, 2) : fc.constant<Node[]>([])
  const types = (Object.keys(kinds) as NodeType[]).filter((type) => depth > 1 || !nests(type))
  const oneOf = types.map((type) => ({ weight: kinds[type].weight, arbitrary: nodeOf(type, below) }))
  return fc.array(fc.oneof(...oneOf), { maxLength })
}

const nests = (type: NodeType): boolean => type === 'branch' || type === 'random_cohort'

const last: NodeOf<'channel'> = { type: 'channel', ref: '', when: 'always', over: 'main', atNoon: false }

/** How the next version of a definition differs. */
const revisions = fc.record({
  /** Of the first level; not a batch of it, nor the last. */
  drop: fc.option(fc.nat(5)),
  /** The mode of its first batch. */
  flips: rarely,
  adds: listOf(1, 2).map((nodes) => nodes.filter(({ type }) => type !== 'batch')),
  addsInFront: fc.boolean(),
})
type Revision = typeof revisions extends fc.Arbitrary<infer Value> ? Value : never

/** Steps that stay keep their refs, and batches all else, so that both versions may share one. */
function revised(nodes: readonly Node[], { drop, flips, adds, addsInFront }: Revision): Node[] {
  const isKept = ({ type }: Node, index: number) => index !== drop || type === 'batch' || index === nodes.length - 1
  const kept = structuredClone(nodes.filter(isKept))
  const batch = allNodes(kept).find((node) => node.type === 'batch')
  if (flips && batch !== undefined) batch.latest = !batch.latest
  const added = named(structuredClone(adds), 'new_')
  return addsInFront ? [...added, ...kept] : [...kept.slice(0, -1), ...added, ...kept.slice(-1)]
}

/** A definition, and the version that follows it. */
export type Versions = readonly [Node[], Node[]]

/** So many definitions, three levels deep, of each seed the same. Each ends with a mail, so that there is something to lose. */
export function definitions(count: number, seed: number): Versions[] {
  const grown = fc.sample(fc.noBias(fc.tuple(listOf(3, 4), revisions)), { numRuns: count, seed })
  return grown.map(([nodes, revision]) => {
    const first = named([...nodes, { ...last }])
    return [first, revised(first, revision)]
  })
}
