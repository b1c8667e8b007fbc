import { randomUUID } from 'node:crypto'
import {
  findBulk,
  holdPosition,
  insertBulk,
  lockBulk,
  recordProgress,
  type BulkFailure,
  type BulkProgress,
  type BulkRow,
} from '../store/bulk-operations/bulk-operations.ts'
import { recipientKey, type RecipientReference } from '../store/ids/recipient.ts'
import { transaction, type Database } from '../store/postgres/database.ts'
import { deleteObject, upsertObjects, type StoredObject } from '../store/profiles/objects.ts'
import { putPreferenceSets, type PreferenceWrites } from '../store/profiles/preference-sets.ts'
import { ProfileTooLargeError } from '../store/profiles/too-large.ts'
import { deleteTenant, upsertTenants, type Tenant } from '../store/profiles/tenants.ts'
import { deleteUser, upsertUsers, type User } from '../store/profiles/users.ts'
import { endSchedulesOf } from '../store/schedules/schedules.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { offerChanges } from '../store/waits/offer-events.ts'
import { cancelRecipient, type CancelDeps } from './cancel-many.ts'
import { engageChunk, type MessageChange } from './bulk-messages.ts'
import { mergedInto } from '../store/profiles/merged-users.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { createSchedules, type ScheduleRequest } from './schedules/write-schedules.ts'
import { addSubscriptions, removeSubscriptions, type SubscriptionRequest } from './subscriptions.ts'

/** What one call asks to be done to many, item by item. */
export type BulkInput =
  | { kind: 'users.identify'; items: User[] }
  | { kind: 'users.delete'; items: string[] }
  | { kind: 'users.set_preferences'; items: { recipient: string; sets: PreferenceWrites }[] }
  | { kind: 'objects.set'; items: StoredObject[] }
  | { kind: 'objects.delete'; items: { collection: string; id: string }[] }
  | { kind: 'objects.add_subscriptions'; items: SubscriptionRequest[] }
  | { kind: 'objects.delete_subscriptions'; items: { object: RecipientReference; recipient: RecipientReference }[] }
  | { kind: 'tenants.set'; items: Tenant[] }
  | { kind: 'tenants.delete'; items: string[] }
  | { kind: 'schedules.create'; items: ScheduleRequest[] }
  | ({ kind: 'messages' } & MessageChange)

/** Items of one transaction. */
const CHUNK = 50

/** Stores the operation and has it started: once this resolves it will be carried out. */
export async function beginBulk(
  { store, signaler, now }: Pick<EngineDeps, 'store' | 'signaler' | 'now'>,
  { apiKey }: Caller,
  name: string,
  input: BulkInput,
): Promise<BulkRow> {
  const id = randomUUID()
  const total = 'items' in input ? input.items.length : 0
  await insertBulk(store.db, { id, name, input: input as unknown as JsonObject, total, apiKey }, now())
  void signaler.startBulk?.(id)
  return (await findBulk(store.db, id))!
}

/** Another worker has carried the chunk out: who was deleted may be there anew. */
class Overtaken extends Error {}

/** Carries out the next chunk of an operation, its progress in the same transaction. Answers whether nothing is left. */
export async function carryOnBulk(deps: CancelDeps, id: string): Promise<boolean> {
  const work = await transaction(deps.store.db, (tx) => lockBulk(tx, id))
  if (work === undefined) return true
  const input = work.input as unknown as BulkInput
  const from = Number(work.position['next'] ?? 0)
  // Each cancel is a transaction of its own; done again after a crash, it finds nothing pending.
  const assertMeant = async (tx: Database) => {
    if (!(await holdPosition(tx, work))) throw new Overtaken()
  }
  try {
    for (const key of goingAway(input, from)) {
      await cancelRecipient(deps, { apiKey: work.api_key }, key, { reason: 'deleted in bulk' }, { assertMeant })
    }
  } catch (error) {
    if (error instanceof Overtaken) return false
    throw error
  }
  const isDone = await transaction(deps.store.db, async (tx) => {
    const locked = await lockBulk(tx, id)
    if (locked === undefined) return true
    // Another worker was quicker: its progress counts.
    if (JSON.stringify(locked.position) !== JSON.stringify(work.position)) return false
    const progress =
      input.kind === 'messages'
        ? await engageChunk(tx, deps, input, locked.position)
        : await changeChunk(tx, deps, input, from, work.api_key)
    await recordProgress(tx, id, progress, deps.now())
    return progress.position === null
  })
  if (/^(schedules|users|objects)\./.test(input.kind)) await deps.signaler.syncSchedules?.()
  return isDone
}

function goingAway(input: BulkInput, from: number): string[] {
  if (input.kind === 'users.delete') return input.items.slice(from, from + CHUNK)
  if (input.kind === 'objects.delete') return input.items.slice(from, from + CHUNK).map(recipientKey)
  return []
}

type ItemInput = Exclude<BulkInput, { kind: 'messages' }>

async function changeChunk(
  tx: Database,
  deps: CancelDeps,
  input: ItemInput,
  from: number,
  apiKey: string,
): Promise<BulkProgress> {
  const items = input.items.slice(from, from + CHUNK)
  const chunk = { kind: input.kind, items } as ItemInput
  const failed: BulkFailure[] = []
  try {
    await tx.transaction((inner) => change(inner as unknown as Database, deps, chunk, apiKey))
  } catch (error) {
    if (!(error instanceof ProfileTooLargeError)) throw error
    // One that is too large takes nobody with it: one by one.
    for (const item of items) {
      const one = { kind: input.kind, items: [item] } as unknown as ItemInput
      try {
        await tx.transaction((inner) => change(inner as unknown as Database, deps, one, apiKey))
      } catch (inner) {
        if (!(inner instanceof ProfileTooLargeError)) throw inner
        const { id = inner.ids[0]!, collection = null } = item as { id?: string; collection?: string }
        failed.push({ id, collection })
      }
    }
  }
  const next = from + items.length
  return { position: next < input.items.length ? { next } : null, processed: items.length, failed }
}

/** Items that name a user, where one was merged into another the other. */
async function meantItems<Field extends string, Item extends Record<Field, string>>(
  tx: Database,
  items: readonly Item[],
  field: Field,
): Promise<Item[]> {
  const merged = await mergedInto(
    tx,
    items.map((item) => item[field]),
  )
  return items.map((item) => ({ ...item, [field]: merged.get(item[field]) ?? item[field] }))
}

async function change(tx: Database, deps: CancelDeps, input: ItemInput, apiKey: string): Promise<void> {
  const { now, outbox } = deps
  switch (input.kind) {
    case 'users.identify':
      return offerChanges(tx, await upsertUsers(tx, await meantItems(tx, input.items, 'id')), now(), outbox)
    case 'users.delete':
      for (const id of input.items) await deleteUser(tx, id)
      await endSchedulesOf(tx, input.items, now())
      return
    case 'users.set_preferences':
      return putPreferenceSets(tx, await meantItems(tx, input.items, 'recipient'))
    case 'objects.set':
      return offerChanges(tx, await upsertObjects(tx, input.items), now(), outbox)
    case 'objects.delete':
      for (const object of input.items) await deleteObject(tx, object)
      await endSchedulesOf(tx, input.items.map(recipientKey), now())
      return
    case 'objects.add_subscriptions':
      await addSubscriptions(tx, input.items, deps)
      return
    case 'objects.delete_subscriptions':
      await removeSubscriptions(tx, input.items)
      return
    case 'tenants.set':
      return upsertTenants(tx, input.items)
    case 'tenants.delete':
      for (const id of input.items) await deleteTenant(tx, id)
      return
    case 'schedules.create':
      await createSchedules(tx, deps, { apiKey }, input.items)
  }
}
