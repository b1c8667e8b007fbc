import { randomUUID } from 'node:crypto'
import type { Catalog, Channel } from '../../definitions/catalog.ts'
import type { Definition } from '../../definitions/definition.ts'
import type { Database } from '../../store/database.ts'
import { messageId } from '../../store/message-id.ts'
import { recipientRunUuid, rowId } from '../../store/row-id.ts'
import {
  channels,
  definitions,
  messages,
  recipientRuns,
  runs,
  triggers,
  type Json,
  type JsonObject,
} from '../../store/schema.ts'
import { workflowIdOf } from '../../store/workflow-id.ts'

export const feedChannel: Channel = {
  key: 'in-app-feed',
  id: '6c6f5e6a-0a2c-5c39-8d16-4d3b5f4a0001',
  type: 'in_app_feed',
  name: 'In-app feed',
  provider: 'belay',
  settings: {},
}

export const emailChannel: Channel = {
  key: 'smtp',
  id: '6c6f5e6a-0a2c-5c39-8d16-4d3b5f4a0002',
  type: 'email',
  name: 'E-mail',
  provider: 'smtp',
  settings: {},
}

/** Two channels, no definitions: what reads back needs. */
export const catalog: Catalog = { definitions: new Map(), channels: [feedChannel, emailChannel] }

export async function seedChannels(db: Database): Promise<void> {
  await db.insert(channels).values(catalog.channels.map((channel) => ({ ...channel, settings: {} })))
}

/** A definition of steps wait (delay), feed (in-app) and mail (e-mail). */
async function seedDefinition(db: Database, key: string, categories: string[]): Promise<string> {
  const hash = `hash of ${key} ${categories.join()}`
  const steps = [
    { type: 'delay', ref: 'wait', name: 'Wait', delayFor: { unit: 'days', value: 1 }, delayUntil: null },
    { type: 'channel', ref: 'feed', name: 'Feed', channel: { key: feedChannel.key, id: feedChannel.id } },
    { type: 'channel', ref: 'mail', name: 'Mail', channel: { key: emailChannel.key, id: emailChannel.id } },
  ]
  const content = { key, name: key, categories, active: true, steps } as unknown as Definition
  await db.insert(definitions).values({ hash, key, versionId: randomUUID(), content }).onConflictDoNothing()
  return hash
}

export interface SeededRecipientRun {
  row: number
  uuid: string
  recipient: string
  trigger: { workflowRunId: string; acceptedAt: Date }
}

export interface TriggerSeed {
  definition?: string
  categories?: string[]
  cancelationKey?: string
  recipients: string[]
  actor?: string
  tenant?: string
  data?: JsonObject
  triggerData?: JsonObject
  acceptedAt?: Date
  recipientRun?: Partial<typeof recipientRuns.$inferInsert>
}

/** What an accepted trigger leaves in the store, one row a recipient in their order. */
export async function seedTrigger(db: Database, seed: TriggerSeed): Promise<SeededRecipientRun[]> {
  const { definition = 'new-comment', acceptedAt = new Date(), cancelationKey } = seed
  const definitionHash = await seedDefinition(db, definition, seed.categories ?? [])
  const workflowRunId = randomUUID()
  const pending = cancelationKey === undefined ? { workflowRunId } : { cancelationKey }
  const workflowId = workflowIdOf(definition, pending)
  const [run] = await db
    .insert(runs)
    .values({ workflowId, definitionKey: definition, cancelationKey })
    .onConflictDoUpdate({ target: runs.workflowId, set: { workflowId } })
    .returning()
  const [trigger] = await db
    .insert(triggers)
    .values({
      workflowRunId,
      runId: run!.id,
      generation: 1,
      definitionHash,
      actor: seed.actor,
      tenant: seed.tenant,
      data: seed.data ?? {},
      lastSend: 2,
      recipientCount: seed.recipients.length,
      apiKey: 'test',
      acceptedAt,
    })
    .returning()
  const seeded = seed.recipients.map((recipient, place) => {
    const row = rowId(trigger!.id, place)
    return { row, uuid: recipientRunUuid(workflowRunId, row), recipient, trigger: { workflowRunId, acceptedAt } }
  })
  await db.insert(recipientRuns).values(
    seeded.map(({ row, recipient }) => ({
      id: row,
      recipient,
      step: 0,
      due: acceptedAt,
      updatedAt: acceptedAt,
      triggerData: seed.triggerData,
      ...seed.recipientRun,
    })),
  )
  return seeded
}

/** Stores a message of step `feed`, delivered, unless told otherwise; resolves to its public id. */
export async function seedMessage(
  db: Database,
  run: SeededRecipientRun,
  given: Partial<typeof messages.$inferInsert> = {},
): Promise<string> {
  const step = given.step ?? 1
  const insertedAt = given.insertedAt ?? run.trigger.acceptedAt
  await db.insert(messages).values({
    recipientRunId: run.row,
    step,
    stepRef: step === 1 ? 'feed' : 'mail',
    recipient: run.recipient,
    channelId: step === 1 ? feedChannel.id : emailChannel.id,
    status: 'delivered',
    content: step === 1 ? { blocks: [bodyBlock('Hello')] } : { subject_line: 'Hello', html_body: '<p>Hello</p>' },
    insertedAt,
    updatedAt: insertedAt,
    ...given,
  })
  return messageId(run.trigger, { recipientRunId: run.row, step })
}

export function bodyBlock(text: string): Json {
  return { name: 'body', type: 'markdown', content: text, rendered: `<p>${text}</p>` }
}
