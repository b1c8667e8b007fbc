import type { Walk } from '../steps/kind.ts'
import { renderEach } from '../steps/render-each.ts'
import { carryOn, loadWalks } from '../steps/load-walks.ts'
import { loadBatches } from '../store/batches/load-batches.ts'
import type { Database } from '../store/postgres/database.ts'
import type { ClaimedMessage } from '../store/messages/claims.ts'
import { writeRendered } from '../store/messages/write-rendered.ts'
import { loadRows } from '../store/recipient-runs/load-walks.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { renderAt } from '../channels/render-step.ts'
import type { Channel } from '../definitions/catalog.ts'

/** A claimed message as it is to be sent, or why it cannot be. */
export type Ready = ClaimedMessage & { problem?: string }

/**
 * Renders those claimed messages again whose batch an activity has left since: they contain the activities that were in it
 * at the claim. Written before they are sent, so that whoever takes one over sends the same.
 */
export async function renderAgain(
  db: Database,
  claimed: readonly ClaimedMessage[],
  owner: string,
  now: number,
  channelOf: (message: ClaimedMessage) => Channel | undefined,
): Promise<Ready[]> {
  const outdated = claimed.filter(({ isOutdated }) => isOutdated)
  if (outdated.length === 0) return [...claimed]
  const walks = await loadWalks(
    db,
    await loadRows(
      db,
      outdated.map(({ recipientRunId }) => recipientRunId),
    ),
    now,
  )
  const batches = await loadBatches(
    db,
    outdated.map(({ batchId }) => batchId!),
  )
  const ofRow = new Map(outdated.map((message) => [message.recipientRunId, message]))
  await carryOn(
    db,
    walks.map((walk) => {
      const { number, batchId, batchRevision } = ofRow.get(walk.row.id)!
      walk.nextMessage = number
      return { walk, batch: { ...batches.get(batchId!)!, revision: batchRevision! } }
    }),
  )
  const results = await renderEach(walks, (walk) => {
    const message = ofRow.get(walk.row.id)!
    return render(walk, message, channelOf(message))
  })
  const rendered = new Map(walks.map(({ row }, index) => [row.id, results[index]!]))
  const ready = claimed.map((message): Ready => ({
    ...message,
    ...(message.isOutdated && rendered.get(message.recipientRunId)),
  }))
  await writeRendered(
    db,
    ready.filter((message) => message.isOutdated && message.problem === undefined),
    owner,
  )
  return ready
}

function render(
  { definition, scope, batch }: Walk,
  { stepRef, content: { token } }: ClaimedMessage,
  channel: Channel | undefined,
): { content: JsonObject } | { problem: string } {
  const step = definition.steps.find(({ ref }) => ref === stepRef)
  if (batch?.isEmpty === true) return { problem: 'canceled' }
  if (step?.type !== 'channel') return { problem: 'its step is gone' }
  try {
    const content = renderAt(step, scope, channel) as unknown as JsonObject
    // It stays the message of its device.
    return { content: { ...content, ...(token !== undefined && { token }) } }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
