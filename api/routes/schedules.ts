import { z } from 'zod'
import { beginBulk } from '../../engine/bulk-operations.ts'
import { activeVersion } from '../../engine/run-address.ts'
import { changeSchedules, checkTimes, createSchedules } from '../../engine/schedules/write-schedules.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { bulkOperation, bulkOperationOf } from '../../resources/bulk-operation.ts'
import { collectionName, objectId, userId, workflowKey } from '../../resources/ids.ts'
import { pageInfo, pageInfoOf, pageQuery, schedulePosition, windowOf } from '../../resources/page.ts'
import { schedule, scheduleOf } from '../../resources/schedule.ts'
import { recipientKey } from '../../store/ids/recipient.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { fitting } from '../../store/profiles/fitting.ts'
import { loadProfiles } from '../../store/profiles/recipients.ts'
import {
  endSchedules,
  listSchedules,
  peopleOf,
  type ScheduleFilter,
  type ScheduleRow,
} from '../../store/schedules/schedules.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError, invalid } from '../http/errors.ts'
import { several } from '../requests/filters.ts'
import { references } from '../requests/references.ts'
import {
  MAX_SCHEDULES,
  scheduleChangeOf,
  scheduleCreate,
  scheduleIds,
  scheduleOfBulk,
  scheduleRequestOf,
  scheduleUpdate,
} from '../requests/schedule.ts'

const tag = 'Schedules'
const path = '/v1/schedules'
const writes = { access: 'secret', scope: 'notify', tag } as const
const reads = { access: 'secret', scope: 'read', tag } as const
const MAX_BULK = 1_000

/** Beyond 8 MB of profiles, people are named by their ids alone. */
async function shown(db: Database, rows: readonly ScheduleRow[]) {
  const fit = new Set(await fitting(db, rows, peopleOf))
  const profiles = await loadProfiles(db, [...new Set([...fit].flatMap(peopleOf))])
  return rows.map((row) => scheduleOf(row, (key) => (fit.has(row) && profiles.get(key)) || null))
}

const create = defineRoute({
  ...writes,
  method: 'post',
  path,
  summary: 'Schedule triggers of a workflow, one schedule a recipient',
  description:
    'Once at `scheduled_at`, or by `repeats` in the recipient’s time zone. An object is told itself, without its subscribers. What it triggers is canceled by its cancelation_key.',
  body: scheduleCreate,
  largeBody: true,
  response: z.array(schedule),
  errors: ['workflow_missing', 'workflow_inactive', 'workflow_invalid'],
  async handle({ body }, context) {
    const { store, now, signaler, apiKey } = context
    activeVersion(context, body.workflow)
    const requests = body.recipients.map((recipient) => scheduleRequestOf(body, recipient))
    checkTimes(requests[0]!, now())
    const made = await transaction(store.db, async (tx) =>
      shown(tx, await createSchedules(tx, context, { apiKey }, requests)),
    )
    void signaler.syncSchedules?.()
    return made
  },
})

const bulkCreate = defineRoute({
  ...writes,
  method: 'post',
  path: '/v1/schedules/bulk/create',
  summary: 'Make up to 1,000 schedules',
  body: z.object({ schedules: boundedList(scheduleOfBulk, { min: 1, max: MAX_BULK }) }),
  largeBody: true,
  response: bulkOperation,
  errors: ['workflow_missing', 'workflow_inactive', 'workflow_invalid'],
  async handle({ body }, context) {
    const items = body.schedules.map(({ recipient, ...each }) => scheduleRequestOf(each, recipient))
    for (const [place, item] of items.entries()) {
      activeVersion(context, item.workflow)
      checkTimes(item, context.now(), `schedules[${place}].`)
    }
    const { apiKey } = context
    return bulkOperationOf(
      await beginBulk(context, { apiKey }, 'schedules.create', { kind: 'schedules.create', items }),
    )
  },
})

const update = defineRoute({
  ...writes,
  method: 'put',
  path,
  summary: 'Change schedules',
  description:
    'What is left out stays, null clears. The next occurrence is then the first from now on. Answers the schedules there are.',
  body: scheduleUpdate,
  largeBody: true,
  response: z.array(schedule),
  errors: ['resource_missing'],
  async handle({ body }, context) {
    const { store, signaler } = context
    const changed = await transaction(store.db, async (tx) =>
      shown(tx, await changeSchedules(tx, context, body.schedule_ids, scheduleChangeOf(body))),
    )
    if (changed.length === 0) throw new ApiError('resource_missing')
    void signaler.syncSchedules?.()
    return changed
  },
})

const remove = defineRoute({
  ...writes,
  method: 'delete',
  path,
  summary: 'Delete schedules; what they triggered goes on',
  description: 'Their ids stand in the body, or in the query. Answers the schedules that were.',
  query: z.object({ schedule_ids: several(z.uuid(), MAX_SCHEDULES) }),
  body: z.object({ schedule_ids: scheduleIds.optional() }),
  response: z.array(schedule),
  errors: ['resource_missing'],
  async handle({ body, query }, { store, now, signaler }) {
    const ids = body.schedule_ids ?? query.schedule_ids ?? []
    if (ids.length === 0) throw invalid('schedule_ids', 'must name at least one schedule', 'required')
    const ended = await transaction(store.db, async (tx) => shown(tx, await endSchedules(tx, ids, now())))
    if (ended.length === 0) throw new ApiError('resource_missing')
    void signaler.syncSchedules?.()
    return ended
  },
})

const filters = { workflow: workflowKey.optional(), tenant: z.string().optional() }
const page = z.object({ entries: z.array(schedule), page_info: pageInfo })

async function answer(db: Database, filter: ScheduleFilter, query: Parameters<typeof windowOf>[0]) {
  const window = windowOf(query)
  const found = await listSchedules(db, filter, window)
  return { entries: await shown(db, found.rows), page_info: pageInfoOf(found, window) }
}

const list = defineRoute({
  ...reads,
  method: 'get',
  path,
  summary: 'List schedules, newest first',
  query: z.object({ ...filters, recipients: references, ...pageQuery(schedulePosition) }),
  response: page,
  handle({ query }, { store }) {
    const { workflow, tenant, recipients } = query
    return answer(store.db, { workflow, tenant, recipients: recipients?.map(recipientKey) }, query)
  },
})

const ofUser = defineRoute({
  ...reads,
  method: 'get',
  path: '/v1/users/:id/schedules',
  summary: 'List one user’s schedules, newest first',
  params: z.object({ id: userId }),
  query: z.object({ ...filters, ...pageQuery(schedulePosition) }),
  response: page,
  handle: ({ params, query }, { store }) => answer(store.db, { ...query, recipients: [params.id] }, query),
})

const ofObject = defineRoute({
  ...reads,
  method: 'get',
  path: '/v1/objects/:collection/:id/schedules',
  summary: 'List one object’s schedules, newest first',
  params: z.object({ collection: collectionName, id: objectId }),
  query: z.object({ ...filters, ...pageQuery(schedulePosition) }),
  response: page,
  handle: ({ params, query }, { store }) => answer(store.db, { ...query, recipients: [recipientKey(params)] }, query),
})

export const scheduleRoutes = [create, update, remove, list, bulkCreate, ofUser, ofObject]
