import type { ChannelStep } from '../definitions/definition.ts'
import type { SettledMessage } from '../store/recipient-runs/settle.ts'
import type { Delivery } from './chunk.ts'
import type { Rendered } from '../templates/content.ts'
import { renderStep } from '../templates/render.ts'

export type RenderedMessage = Omit<SettledMessage, 'status' | 'reason' | 'externalId'> & {
  content: Rendered['content']
}

/** The message a channel step makes for one recipient, or why its template cannot work: that ends one recipient run, not the chunk. */
export function renderMessage(
  delivery: Delivery,
  step: ChannelStep,
): { message: RenderedMessage } | { problem: string } {
  const { row, scope } = delivery
  try {
    const { content } = renderStep(step, scope)
    const { ref: stepRef, channel } = step
    return { message: { step: row.step, stepRef, recipient: row.recipient, channelId: channel.id, content } }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
