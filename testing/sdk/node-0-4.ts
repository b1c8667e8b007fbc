/* eslint-disable @typescript-eslint/no-deprecated -- what callers of this version still use */
import type { Knock } from 'knock-node-0.4'
import assert from 'node:assert/strict'
import type { Row, World } from './world.ts'

type Row4 = Row<Knock>

const off = { channel_types: { email: false } }

/** A part of a user's preference set is set. */
function part(name: string, expected: object, call: (sdk: Knock, id: string) => Promise<unknown>): Row4 {
  return async (sdk, world) => {
    const id = world.fresh()
    await call(sdk, id)
    assert.deepEqual((await world.get(`/v1/users/${id}/preferences/default`))[name], expected)
  }
}

/** The preference set of a user, or by another path of an object, is read. */
function reads(base: (id: string) => string, call: (sdk: Knock, id: string) => Promise<unknown>): Row4 {
  return async (sdk, world: World) => {
    const id = world.fresh()
    await world.api.call('PUT', `${base(id)}/preferences/default`, { body: off })
    const got = await call(sdk, id)
    const [set] = Array.isArray(got) ? (got as unknown[]) : [got]
    assert.deepEqual((set as { channel_types: unknown }).channel_types, { email: false })
  }
}
const user = (id: string) => `/v1/users/${id}`

/** What 0.4 has and 0.6 has no more; the rest is in node-0.ts. */
export const node04: Record<string, Row4> = {
  'preferences.get': reads(user, (sdk, id) => sdk.preferences.get(id)),
  'preferences.getAll': reads(user, (sdk, id) => sdk.preferences.getAll(id)),
  'preferences.set': part('channel_types', { email: false }, (sdk, id) => sdk.preferences.set(id, off)),
  'preferences.setChannelTypes': part('channel_types', { email: false }, (sdk, id) =>
    sdk.preferences.setChannelTypes(id, { email: false }),
  ),
  'preferences.setChannelType': part('channel_types', { email: false }, (sdk, id) =>
    sdk.preferences.setChannelType(id, 'email', false),
  ),
  'preferences.setWorkflows': part('workflows', { invite: false }, (sdk, id) =>
    sdk.preferences.setWorkflows(id, { invite: false }),
  ),
  'preferences.setWorkflow': part('workflows', { invite: false }, (sdk, id) =>
    sdk.preferences.setWorkflow(id, 'invite', false),
  ),
  'preferences.setCategories': part('categories', { social: false }, (sdk, id) =>
    sdk.preferences.setCategories(id, { social: false }),
  ),
  'preferences.setCategory': part('categories', { social: false }, (sdk, id) =>
    sdk.preferences.setCategory(id, 'social', false),
  ),
  'users.getPrefences': reads(user, (sdk, id) => sdk.users.getPrefences(id)),
  'objects.getPrefences': reads(
    (id) => `/v1/objects/teams/${id}`,
    (sdk, id) => sdk.objects.getPrefences('teams', id),
  ),
}
