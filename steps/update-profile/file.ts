import { z } from 'zod'
import type { UpdateStep } from '../../definitions/step.ts'
import { dependent, object, oneOf, optional, requiredObject } from '../../definitions/fields.ts'
import { stepFields, type StepPlace, type Unconditional } from '../step-file.ts'

const shape = {
  recipient_mode: oneOf(['current', 'reference'], 'must be current or reference'),
  recipient_gid: optional('text'),
  update_properties: requiredObject,
}
const settings = dependent(shape, ({ recipient_mode: mode, recipient_gid: gid = null }, tell) => {
  const add = (message: string) => tell(['recipient_mode', 'recipient_gid'], ['recipient_gid'], message)
  if (mode === 'reference' && gid === null) add('is missing: with recipient_mode reference it says whom to update')
  if (mode === 'current' && gid !== null) add('stands beside recipient_mode current: leave one of them out')
  const isStatic = gid !== null && !gid.includes('{')
  if (isStatic && !/^gid:\/\/Object\/[^/]+\/.+$/.test(gid)) add('must be as gid://Object/$users/<id>')
})

/** Whether a kind of update is about those of a collection. */
export function updates(type: UpdateStep['type'], collection: string): boolean {
  const wanted = { update_user: '$users', update_tenant: '$tenants', update_object: null }[type]
  return wanted === null ? !collection.startsWith('$') : collection === wanted
}

const profileStep = <Type extends string>(type: Type) =>
  object({ ...stepFields, type: z.literal(type), settings }).transform((file) => ({
    type,
    ref: file.ref,
    name: file.name ?? file.ref,
    conditions: file.conditions,
    gid: file.settings.recipient_gid,
    properties: file.settings.update_properties,
  }))

/** A step that updates a user, an object or a tenant, as workflow.json has it. */
export function updateFile<Type extends UpdateStep['type']>(type: Type) {
  const schema = profileStep(type)
  return {
    schema: () => schema,
    compile: (read: Unconditional<z.output<typeof schema>>, { next, add }: StepPlace) => {
      const [, collection] = /^gid:\/\/Object\/([^/{]+)\//.exec(read.gid ?? '') ?? []
      if (collection !== undefined && !updates(type, collection))
        add(['settings', 'recipient_gid'], `names ${collection}, which ${type} does not update`)
      return { ...read, next }
    },
  }
}
