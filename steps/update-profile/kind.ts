import type { UpdateStep } from '../../definitions/step.ts'
import type { ActResult, OutsideDeps, ProfileUpdate, StepKind, Walk } from '../kind.ts'
import { letAct } from '../let-act.ts'
import { renderFor } from '../render-each.ts'
import { renderedObject, renderedText } from '../rendered-json.ts'
import { updateFile, updates } from './file.ts'

/**
 * Lays properties over those of a user, an object or a tenant, at every depth, while the row is claimed; who is not there is
 * made. Later steps see it. What cannot be updated fails the run.
 */
const updating = {
  acts: true,
  movable: false,
  targets: ({ next }: UpdateStep) => [next],
  enter: letAct,
  resume: letAct,
  act: update,
}

type Kind<Type extends UpdateStep['type']> = StepKind<Extract<UpdateStep, { type: Type }>>

export const updateUserKind: Kind<'update_user'> = { type: 'update_user', file: updateFile('update_user'), ...updating }
export const updateObjectKind: Kind<'update_object'> = {
  type: 'update_object',
  file: updateFile('update_object'),
  ...updating,
}
export const updateTenantKind: Kind<'update_tenant'> = {
  type: 'update_tenant',
  file: updateFile('update_tenant'),
  ...updating,
}

async function update(walk: Walk<UpdateStep>, deps: OutsideDeps): Promise<ActResult> {
  const { step, scope } = walk
  const target = await renderFor(walk, targetOf)
  if ('skipped' in target) return { kind: 'go_on', skipped: { reason: target.skipped } }
  if ('problem' in target) return { kind: 'fail', reason: target.problem }
  const rendered = await renderFor(walk, () => renderedObject('update_properties', step.properties, scope))
  if ('problem' in rendered) return { kind: 'fail', reason: rendered.problem }
  const done = await deps.update(walk, { ...target, properties: rendered.object })
  if (done !== 'updated')
    return 'problem' in done
      ? { kind: 'fail', reason: done.problem }
      : { kind: 'go_on', skipped: { reason: done.skipped } }
  const updated = `gid://Object/${target.collection}/${target.id}`
  return { kind: 'go_on', decided: { text: `updates ${updated}`, data: { updated } } }
}

type Target = Pick<ProfileUpdate, 'collection' | 'id'>

function targetOf({
  step,
  scope,
  recipient,
  trigger,
}: Walk<UpdateStep>): Target | { skipped: string } | { problem: string } {
  if (step.gid !== null) return namedBy(step, scope)
  if (step.type === 'update_tenant')
    return trigger.tenant === null
      ? { skipped: 'the run has no tenant' }
      : { collection: '$tenants', id: trigger.tenant }
  const collection = recipient.collection ?? '$users'
  if ((step.type === 'update_user') !== (collection === '$users'))
    return {
      problem: `the recipient is ${collection === '$users' ? 'a user' : 'an object'}: name another by recipient_gid`,
    }
  return { collection, id: recipient.id }
}

function namedBy(step: UpdateStep, scope: Walk['scope']): Target | { problem: string } {
  const rendered = renderedText('recipient_gid', step.gid ?? '', scope)
  if ('problem' in rendered) return rendered
  const [, collection, id] = /^gid:\/\/Object\/([^/]+)\/(.+)$/.exec(rendered.text) ?? []
  if (collection === undefined || id === undefined)
    return { problem: `recipient_gid must be as gid://Object/$users/<id>, and is ${rendered.text.slice(0, 200)}` }
  return updates(step.type, collection)
    ? { collection, id }
    : { problem: `recipient_gid names ${collection}, which ${step.type} does not update` }
}
