import { z } from 'zod'
import { recipientKey } from '../../store/ids/recipient.ts'
import { traceOf } from '../../store/recipient-runs/recipient-run-events.ts'
import {
  findRecipientRun,
  listRecipientRuns,
  recipientRunStatuses,
} from '../../store/recipient-runs/recipient-run-list.ts'
import { recipientRunOf } from '../../resources/recipient-run-shape.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { keyFields, keyOf, oneKey } from '../requests/cancelation-key.ts'
import { flag, several } from '../requests/filters.ts'
import { instant } from '../../resources/instant.ts'
import { pageInfo, pageInfoOf, pageQuery, rowPosition, windowOf } from '../../resources/page.ts'
import { recipientRunEvents, recipientRun, recipientRunWithEvents } from '../../resources/recipient-run.ts'

const tag = 'Recipient runs'

const fields = {
  workflow: z.string().optional().describe('A definition’s key'),
  ...keyFields,
  workflow_run_id: z.uuid().optional(),
  recipient: z
    .union([z.string(), z.object({ collection: z.string(), id: z.string() })])
    .optional()
    .describe('A user’s id, or recipient[collection]= and recipient[id]='),
  tenant: z.string().optional(),
  status: several(z.enum(recipientRunStatuses)),
  has_errors: flag.optional(),
  starting_at: instant.optional().describe('Accepted at this instant or later'),
  ending_at: instant.optional().describe('Accepted at this instant or earlier'),
  ...pageQuery(rowPosition),
}

const getRuns = defineRoute({
  method: 'get',
  path: '/v1/workflow_recipient_runs',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List recipient runs, newest first: who is waiting for what, until when',
  query: z.object(fields).superRefine(oneKey),
  response: z.object({ items: z.array(recipientRun), page_info: pageInfo }),
  async handle({ query }, { store, now }) {
    const window = windowOf(query)
    const filter = {
      workflow: query.workflow,
      cancelationKey: keyOf(query) ?? undefined,
      workflowRunId: query.workflow_run_id,
      recipient: query.recipient === undefined ? undefined : recipientKey(query.recipient),
      tenant: query.tenant,
      statuses: query.status,
      hasErrors: query.has_errors,
      acceptedAt: { gte: query.starting_at, lte: query.ending_at },
    }
    const page = await listRecipientRuns(store.db, filter, window, now())
    return { items: page.rows.map(recipientRunOf), page_info: pageInfoOf(page, window) }
  },
})

const getRun = defineRoute({
  method: 'get',
  path: '/v1/workflow_recipient_runs/:id',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'Get a recipient run with what happened in it, oldest first',
  params: z.object({ id: z.string() }),
  response: recipientRunWithEvents,
  errors: ['resource_missing'],
  async handle({ params }, { store, now }) {
    const row = await findRecipientRun(store.db, params.id, now())
    if (row === undefined) throw new ApiError('resource_missing')
    return { ...recipientRunOf(row), events: recipientRunEvents(row, await traceOf(store.db, row)) }
  },
})

export const recipientRunRoutes = [getRuns, getRun]
