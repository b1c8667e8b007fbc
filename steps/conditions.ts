import type { ConditionGroup } from '../conditions/conditions.ts'
import {
  evaluateConditions,
  type ConditionScope,
  type Evaluation,
  type EvaluationOptions,
} from '../conditions/evaluate.ts'
import type { StepState } from '../conditions/message-status.ts'
import { readsOf } from '../conditions/reads.ts'
import { secretNames } from '../definitions/vars-file.ts'
import { loadMessageStates, type MessageStates } from '../store/messages/message-states.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { renderLiquid } from '../templates/liquid.ts'
import { keyRenderingFor } from '../templates/rendering-for.ts'
import type { StepDeps, StepResult, Walk } from './kind.ts'

/** Of no conditions. */
const holds: Evaluation = { result: true, explanation: null }

/**
 * Evaluates the conditions that each walk has to pass, in the order of the walks; without any they hold. The messages
 * of earlier steps are loaded in one statement, and only if a condition asks for them. `eventOf`: what a wait was offered.
 */
export async function evaluateWalks<W extends Walk>(
  walks: readonly W[],
  conditionsOf: (walk: W) => ConditionGroup | undefined,
  { db, now }: Pick<StepDeps, 'db' | 'now'>,
  eventOf?: (walk: W) => JsonObject,
): Promise<Evaluation[]> {
  const asked = walks.map(conditionsOf)
  if (asked.every((conditions) => conditions === undefined)) return walks.map(() => holds)
  const refs = new Map<number, string[]>()
  walks.forEach(({ row }, index) => {
    const conditions = asked[index]
    const read = conditions === undefined ? [] : readsOf(conditions).messagesOf
    if (read.length > 0) refs.set(row.id, read)
  })
  const stored = await loadMessageStates(db, [...refs.keys()], [...new Set([...refs.values()].flat())])
  return walks.map((walk, index) => {
    const conditions = asked[index]
    if (conditions === undefined) return holds
    const scope = scopeOf(walk, stored)
    if (eventOf === undefined) return evaluateConditions(conditions, scope, optionsOf(walk, now))
    const event = eventOf(walk)
    return evaluateConditions(conditions, { ...scope, event }, optionsOf(walk, now, { event }))
  })
}

/** The same of the step each walk stands in. That they held is noted with the walk, and told with what the step comes to. */
export async function evaluateStepConditions(
  walks: readonly Walk[],
  deps: Pick<StepDeps, 'db' | 'now'>,
): Promise<Evaluation[]> {
  const judgements = await evaluateWalks(walks, ({ step }) => step.conditions, deps)
  judgements.forEach(({ result, explanation }, index) => {
    if (result && explanation !== null) walks[index]!.held = explanation
  })
  return judgements
}

/** The result of a step whose conditions do not hold: skipped, and why can be seen. */
export function skippedBy(explanation: Evaluation['explanation']): StepResult {
  return { kind: 'go_on', skipped: { reason: 'conditions do not hold', data: shownAs(explanation) } }
}

/** How conditions came out, as an event keeps it. */
export function shownAs(explanation: Evaluation['explanation']): JsonObject {
  return { conditions: explanation as unknown as JsonObject }
}

/**
 * How conditions of a walk are evaluated, a recipient's preferences, too: secrets are compared, and never shown. `more`: what
 * Liquid sees beside the scope.
 */
export function optionsOf({ scope, definition }: Walk, now: number, more?: JsonObject): EvaluationOptions {
  return {
    now,
    render: (template) =>
      renderLiquid(template, 'text', more === undefined ? scope : { ...scope, ...more }, keyRenderingFor(scope)),
    secrets: secretsOf(definition.library?.vars),
  }
}

/** What conditions of a walk are evaluated against. */
export function scopeOf({ scope, definition, row, made, state }: Walk, stored: MessageStates): ConditionScope {
  const { data, recipient, actor, tenant } = scope
  const { key: id, name, categories } = definition
  const run = { total_activities: scope['total_activities'], total_actors: scope['total_actors'] }
  return {
    ...{ data, recipient, actor, tenant, vars: scope['vars'], run },
    workflow: { id, name, categories },
    get refs() {
      const refs: Record<string, StepState> = {}
      for (const [ref, output] of Object.entries(state)) {
        const left = output as JsonObject
        refs[ref] = { skipped: left['skipped'] === true, output: left }
      }
      for (const { ref, ...message } of stored.get(row.id) ?? []) add(refs, ref, message)
      for (const { stepRef, status } of made) add(refs, stepRef, { delivery: status, engagements: [] })
      return refs
    },
  }
}

function add(refs: Record<string, StepState>, ref: string, message: NonNullable<StepState['messages']>[number]): void {
  refs[ref] = { ...refs[ref], messages: [...(refs[ref]?.messages ?? []), message] }
}

const none: ReadonlySet<string> = new Set()
const known = new WeakMap<object, ReadonlySet<string>>()

/** Variables whose values come from the environment are compared, and not shown. */
function secretsOf(vars: Record<string, unknown> | undefined): ReadonlySet<string> {
  if (vars === undefined) return none
  let secrets = known.get(vars)
  if (secrets === undefined) {
    secrets = new Set(Object.keys(vars).filter((name) => secretNames(vars[name]).length > 0))
    known.set(vars, secrets)
  }
  return secrets
}
