import type { Database } from '../store/postgres/database.ts'
import { subscribersOf } from '../store/profiles/fan-out.ts'
import type { Acceptance } from '../store/triggers/trigger-rows.ts'
import { invalidField } from './errors.ts'
import { isObject, type PlannedTrigger } from './plan-trigger.ts'

/** Subscribers that one trigger reaches, beside the recipients it names. */
const MAX_SUBSCRIBERS = 100_000

/**
 * The trigger with the subscribers of the objects it names, as they are now, and those of objects among them: each
 * recipient once, who was named as named; the actor is left out unless named. Throws `invalid_params` beyond 100,000 subscribers.
 */
export async function fanOut(tx: Database, { acceptance, common }: PlannedTrigger): Promise<Acceptance> {
  const { recipients, actor } = acceptance
  const named = recipients.map(({ key }) => key)
  const objects = named.filter(isObject)
  if (objects.length === 0) return acceptance
  const except = actor === null ? named : [...named, actor]
  const subscribers = await subscribersOf(tx, objects, except, MAX_SUBSCRIBERS + 1)
  if (subscribers.length > MAX_SUBSCRIBERS) {
    const most = MAX_SUBSCRIBERS.toLocaleString('en')
    throw invalidField('recipients', `reaches more than ${most} subscribers of its objects`, 'length')
  }
  const reached = subscribers.map(({ key, via }) => ({ key, via, triggerData: null, ...common! }))
  return { ...acceptance, recipients: [...recipients, ...reached] }
}
