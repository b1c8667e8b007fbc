import { z } from 'zod'
import { tenantId } from '../resources/ids.ts'
import { looseObject } from '../resources/loose-object.ts'
import { tenantRequest } from '../resources/tenant.ts'
import { readsWithin } from '../settings/schemas-within.ts'
import { toldWithin } from '../settings/told-within.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { TriggerRequest } from './trigger-request.ts'

type Tenant = NonNullable<TriggerRequest['tenant']>

const describedTenant = looseObject({ id: tenantId }).transform((given, context): Tenant => {
  const { id, ...fields } = given
  const checked = tenantRequest.safeParse(fields, { error: zodErrorMap })
  for (const issue of checked.error?.issues ?? []) context.addIssue({ ...issue })
  return { id, described: checked.data ?? { properties: {} } }
})

readsWithin(describedTenant, tenantRequest)

/** The tenant of a trigger: its id, or a description that is stored first. */
export const tenantOfTrigger = toldWithin(
  z.union(
    [tenantId.transform((id): Tenant => ({ id, described: null })), describedTenant],
    'must be an id, or an object with one',
  ),
)
