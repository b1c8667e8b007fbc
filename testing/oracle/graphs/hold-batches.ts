import assert from 'node:assert/strict'
import { allNodes, type Node, type NodeOf } from './nodes.ts'
import type { BatchSeen, Row } from './seen.ts'
import { limitOf, MINUTE, type Stand, type Walked } from './walks.ts'

/** Somebody who came to a batch and waits in it. */
interface Arrival {
  row: Row
  node: NodeOf<'batch'>
  key: string
  stand: Stand
}

/** A batch as it should be, by who came to it. */
interface Expected {
  id: number
  openedAt: number
  closesAt: number
  limitAt: number
  items: number
  isFull: boolean
}

/**
 * Plays who came to batches, in their order: one who finds a batch of their key open is in it, anybody else opens one, and
 * each closes when those who came to it say. A batch that somebody joined who was never seen in it is not held to an instant.
 */
export function holdBatches(
  rows: readonly Row[],
  walks: ReadonlyMap<number, Walked>,
  batches: readonly BatchSeen[],
  versions: ReadonlyMap<string, readonly Node[]>,
): void {
  const byId = new Map(batches.map((batch) => [batch.id, batch]))
  const arrivals = rows.flatMap((row): Arrival[] => {
    const entered = walks.get(row.id)!.entered
    return entered === null ? [] : [{ row, ...entered, key: keyOf(row, entered) }]
  })
  const isKnown = ({ id, items }: BatchSeen) => arrivals.filter(({ row }) => row.batch === id).length === items
  const unknown = batches.filter((batch) => !isKnown(batch)).map(({ id }) => id)
  const open = new Map<string, Expected>()
  const keyOfBatch = new Map<number, string>()
  const all = new Set<Expected>()
  for (const arrival of arrivals.sort((a, b) => a.stand.order - b.stand.order || a.row.id - b.row.id)) {
    const { row, node, key, stand } = arrival
    const batch = byId.get(row.batch ?? -1)
    assert.ok(batch !== undefined, `${row.id} waits in ${node.ref}, and in no batch`)
    assert.equal(keyOfBatch.get(batch.id) ?? key, key, `${row.id} is in ${batch.id}, of another key`)
    const isFirst = !keyOfBatch.has(batch.id)
    keyOfBatch.set(batch.id, key)
    if (unknown.includes(batch.id)) {
      open.delete(key)
      continue
    }
    const before = open.get(key)
    const isOpen = before !== undefined && !before.isFull && before.closesAt > stand.at
    if (isOpen) assert.equal(batch.id, before.id, `${row.id} finds ${before.id} open`)
    else assert.notEqual(batch.id, before?.id, `${row.id} comes to ${batch.id} after its close`)
    const now = isOpen ? before : opened(batch, versions.get(row.began)!)
    open.set(key, now)
    all.add(now)
    // Of steps that lead, who opened it is not in it.
    const opens = isFirst && batch.ref === node.ref && !node.leading
    join(now, node, stand.at, !opens)
  }
  for (const { id, closesAt } of all) assert.equal(byId.get(id)!.closesAt, closesAt, `batch ${id} closes then`)
}

/** Of the version in pinned mode, and of the step in the other. */
function keyOf({ recipient, definition, began }: Row, { node, kind }: { node: NodeOf<'batch'>; kind: string | null }) {
  return JSON.stringify([
    recipient,
    definition,
    node.latest ? { step: node.ref } : { began },
    node.byKind ? kind : null,
  ])
}

function opened({ id, ref, openedAt }: BatchSeen, version: readonly Node[]): Expected {
  const { minutes, sliding } = allNodes(version).find((each) => each.ref === ref) as NodeOf<'batch'>
  const limitAt = openedAt + limitOf(sliding)
  return { id, openedAt, closesAt: openedAt + minutes * MINUTE, limitAt, items: 0, isFull: false }
}

function join(expected: Expected, node: NodeOf<'batch'>, at: number, slides: boolean): void {
  expected.items += 1
  if (node.sliding !== null && slides) {
    const limitAt = Math.min(expected.limitAt, expected.openedAt + limitOf(node.sliding))
    expected.closesAt = Math.min(at + node.minutes * MINUTE, limitAt)
  }
  if (node.items !== null && expected.items >= node.items) expected.closesAt = at
  if (expected.closesAt > at) return
  expected.closesAt = at
  expected.isFull = true
}

/** Who leads passes at once and opens a batch: as many as were opened by these steps. */
export function holdLeaders(walks: ReadonlyMap<number, Walked>, batches: readonly BatchSeen[]): void {
  const led = [...walks.values()].flatMap((walk) => walk.led)
  for (const ref of new Set(led.map((each) => each.ref))) {
    const ofStep = led.filter((each) => each.ref === ref)
    const opened = batches.filter((batch) => batch.ref === ref).length
    const certain = ofStep.filter(({ isCertain }) => isCertain).length
    assert.ok(certain <= opened, `${certain} passed ${ref} at once, which opened ${opened} batches`)
    assert.ok(opened <= ofStep.length, `${opened} batches of ${ref} were opened, by ${ofStep.length} at most`)
  }
}
