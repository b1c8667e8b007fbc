import type { TriggerStep } from '../../definitions/step.ts'
import { recipientReference } from '../../store/ids/recipient.ts'
import { withExactNumbers } from '../../json/source.ts'
import { renderLiquid } from '../../templates/liquid.ts'
import { renderingFor } from '../../templates/rendering-for.ts'
import type { TriggerWish, Walk } from '../kind.ts'

/** A field of the step that cannot be used. */
class FieldError extends Error {
  override readonly name = 'FieldError'
}

/**
 * What the step asks for, rendered; where it does not say, whom and what the run itself is about. A text of the result says
 * which field cannot be used, and why. What is asked for is checked by whoever carries it out.
 */
export function wishOf(walk: Walk<TriggerStep>): TriggerWish | string {
  const { step, trigger, row, scope } = walk
  const fill = (field: string, text: string) => filled(field, text, walk)
  try {
    const recipients = step.recipients === null ? null : fill('recipients', step.recipients)
    const actor = step.actor === null ? null : fill('actor', step.actor)
    const tenant = step.tenant === null ? null : fill('tenant', step.tenant)
    const data = step.data === null ? null : fill('data', step.data)
    const key = step.cancelationKey === null ? trigger.cancelationKey : fill('cancellation_key', step.cancelationKey)
    return {
      workflow: fill('workflow_key', step.workflowKey),
      recipients: recipients === null ? [recipientReference(row.recipient)] : list(valueOf('recipients', recipients)),
      actor: actor === null ? reference(trigger.actor) : orNull(valueOf('actor', actor)),
      tenant: tenant === null ? trigger.tenant : orNull(valueOf('tenant', tenant)),
      data: data === null ? scope.data : data === '' ? {} : parsed('data', data),
      cancellation_key: key === '' ? null : key,
    }
  } catch (error) {
    if (error instanceof FieldError) return error.message
    throw error
  }
}

function filled(field: string, text: string, { scope }: Walk): string {
  try {
    return renderLiquid(text, 'text', scope, renderingFor(scope)).trim()
  } catch (error) {
    throw new FieldError(`${field}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** An id, or JSON: a list, or an object. */
function valueOf(field: string, text: string): unknown {
  return /^[[{]/.test(text) ? parsed(field, text) : text
}

function parsed(field: string, text: string): unknown {
  try {
    return JSON.parse(withExactNumbers(text))
  } catch {
    throw new FieldError(`${field} must render as JSON`)
  }
}

const list = (value: unknown): unknown => (Array.isArray(value) ? value : value === '' ? [] : [value])
const orNull = (value: unknown): unknown => (value === '' ? null : value)
const reference = (key: string | null): unknown => (key === null ? null : recipientReference(key))
