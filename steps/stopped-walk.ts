import type { Stop } from '../store/catalog/stopped.ts'
import { stepNumber } from '../store/recipient-runs/step-number.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import type { Walk } from './kind.ts'

const REASONS: Record<Stop, string> = {
  inactive: 'the workflow is not active any more',
  archived: 'the workflow is archived: its file is gone',
}

/**
 * A walk whose workflow takes nobody on any more: it is over where it stands, without a fault, and says why in an event. Who
 * waits in a batch that it carries ends with it; messages it has made are sent all the same. Null: it goes on.
 */
export function stoppedWalk({ row }: Walk, stop: Stop | undefined): WalkSettlement | null {
  if (stop === undefined) return null
  const { id, revision, step: index, phase, enteredAt, due, attempt } = row
  const reason = REASONS[stop]
  const step = stepNumber(index, { hasMoved: row.definitionHash !== null })
  const event = { event: 'workflow_ended', status: 'ok', step, attempt: attempt + 1, data: { reason } } as const
  return {
    ...{ id, revision, step: index, phase, enteredAt, due, reason },
    ...{ status: 'ended', errors: 0, state: null, messages: [], events: [event] },
    ...(phase === 'wait' && { wait: { leaves: true } }),
  }
}
