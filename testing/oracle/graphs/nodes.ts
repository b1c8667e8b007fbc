/** What a node's conditions ask; `shared` is the same for all triggers of a life, `kind` is a trigger's own. */
export type When = 'always' | 'shared' | 'not shared' | 'kind a' | 'kind b'

/** Steps of one branch or cohort. */
export interface Alternative {
  steps: Node[]
  terminates: boolean
}

/** Channels and groups of them, as written.ts has them. */
export const overs = ['feed', 'main', 'spare', 'text', 'push', 'chat', 'both', 'either'] as const
export type Over = (typeof overs)[number]

/** What each kind of step is made up with. A kind that is added here is asked for by the compiler in grow, written and walks. */
interface Parameters {
  batch: {
    minutes: number
    /** Sliding, and how long after its opening it may close at the latest. */
    sliding: { limit: number | null } | null
    items: number | null
    leading: boolean
    byKind: boolean
    latest: boolean
  }
  branch: { ways: (Alternative & { when: Exclude<When, 'always'> })[]; standard: Alternative }
  channel: { over: Over; atNoon: boolean }
  delay: { how: { minutes: number } | 'until' | 'before' | 'noon' }
  http_fetch: { answer: 'good' | 'gone' | 'down' }
  random_cohort: { cohorts: (Alternative & { percent: number })[] }
  throttle: { limit: number; minutes: number; byKind: boolean }
  trigger_workflow: object
  update_data: { kind: 'a' | 'b' }
  update_object: object
  update_tenant: object
  update_user: object
  wait_for_event: {
    event: 'paid' | 'updated' | 'child' | 'seen'
    /** Of events of a caller's own only those of this kind, or of the trigger's. */
    matches: 'a' | 'own' | null
    minutes: number
    lookBack: number | null
    haltsOnMatch: boolean
    haltsOnTimeout: boolean
  }
}

/** A step as a definition is made up of them, apart from how a file writes it: what is expected of a walk is read of these. */
export type NodeOf<Type extends NodeType> = { type: Type; ref: string; when: When } & Parameters[Type]
export type NodeType = keyof Parameters
export type Node = { [Type in NodeType]: NodeOf<Type> }[NodeType]

/** Steps of a list, and of all that branch from it, in the order of a file. */
export function allNodes(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => [node, ...alternativesOf(node).flatMap(({ steps }) => allNodes(steps))])
}

function alternativesOf(node: Node): Alternative[] {
  if (node.type === 'branch') return [...node.ways, node.standard]
  return node.type === 'random_cohort' ? node.cohorts : []
}

/** What follows the step of this ref for one who comes out of it; null: it is not among them. */
export function following(nodes: readonly Node[], ref: string): Node[] | null {
  for (const [index, node] of nodes.entries()) {
    const rest = nodes.slice(index + 1)
    if (node.ref === ref) return rest
    for (const way of alternativesOf(node)) {
      const within = following(way.steps, ref)
      if (within !== null) return onward({ ...way, steps: within }, rest)
    }
  }
  return null
}

/** Its steps, with refs that name each once. */
export function named(nodes: readonly Node[], mark = ''): Node[] {
  allNodes(nodes).forEach((node, index) => (node.ref = `${node.type}_${mark}${index}`))
  return [...nodes]
}

/** Kinds that reach somebody or change something: a walk with none of these before it is over. */
const acting: { readonly [Type in NodeType]: boolean } = {
  batch: false,
  branch: false,
  channel: true,
  delay: false,
  http_fetch: true,
  random_cohort: false,
  throttle: false,
  trigger_workflow: true,
  update_data: false,
  update_object: true,
  update_tenant: true,
  update_user: true,
  wait_for_event: false,
}

/** Whether anything is still to come on some way through these steps. */
export function mayAct([node, ...rest]: readonly Node[]): boolean {
  if (node === undefined) return false
  if (acting[node.type]) return true
  // Who comes to it goes no further, whatever comes.
  if (node.type === 'wait_for_event' && node.haltsOnMatch && node.haltsOnTimeout && node.when === 'always') return false
  const ways = alternativesOf(node)
  if (ways.length === 0) return mayAct(rest)
  return ways.some((way) => mayAct(onward(way, rest)))
}

/** What follows one who goes this way. */
export function onward({ steps, terminates }: Alternative, rest: readonly Node[]): Node[] {
  return terminates ? steps : [...steps, ...rest]
}
