import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { recipientReferenceRequest, recipientRequest } from '../../engine/recipient-request.ts'
import { tenantOfTrigger } from '../../engine/tenant-request.ts'
import { fieldName } from '../../json/field-name.ts'
import { zodErrorMap } from '../../settings/zod-error-map.ts'

const told = (schema: z.ZodType, given: unknown) =>
  z
    .object({ whom: schema })
    .safeParse({ whom: given }, { error: zodErrorMap })
    .error?.issues.map(({ path, message }) => `${fieldName(path)}: ${message}`)

test('what is wrong with a recipient or a tenant that is described is told at its field, not as no id', () => {
  assert.deepEqual(told(recipientRequest, { id: 'ada', channel_data: 5 }), ['whom.channel_data: must be an object'])
  assert.deepEqual(told(recipientRequest, { name: 'Ada' }), ['whom.id: is required'])
  assert.deepEqual(told(tenantOfTrigger, { id: 5 }), ['whom.id: must be a text'])
  assert.deepEqual(told(recipientReferenceRequest, { collection: 'teams' }), ['whom.id: is required'])
  assert.deepEqual(told(recipientRequest, 5), ['whom: must be a user id, or an object with an id'])
  assert.deepEqual(told(tenantOfTrigger, 5), ['whom: must be an id, or an object with one'])
  for (const schema of [recipientRequest, tenantOfTrigger])
    for (const right of ['ada', { id: 'ada', name: 'Ada' }]) assert.equal(told(schema, right), undefined)
})
