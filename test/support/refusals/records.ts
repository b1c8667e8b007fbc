import { randomUUID } from 'node:crypto'
import { engagementActions } from '../../../store/engagement.ts'
import { long, missing, unread, users, wrong, wrongQuery, type Refusal } from './refusal.ts'

const paged: Refusal[] = [
  wrongQuery('no page', 'page_size=0', 'page_size length'),
  wrongQuery('a page of 51', 'page_size=51', 'page_size length'),
  wrongQuery('a page of half an item', 'page_size=1.5', 'page_size cast'),
  wrongQuery('a page of words', 'page_size=all', 'page_size cast'),
  wrongQuery('no cursors', 'after=nothing&before=bm90aGluZw', 'after format', 'before format'),
]
const inserted: Refusal[] = [
  wrongQuery('an instant in words', 'inserted_at.gt=yesterday', 'inserted_at.gt format'),
  wrongQuery('an instant without a zone', 'inserted_at[lte]=2026-03-01T12:00:00', 'inserted_at.lte format'),
  wrongQuery('an unknown bound', 'inserted_at[after]=2026-03-01T12:00:00Z', 'inserted_at.after unknown'),
]
const data: Refusal[] = [
  wrongQuery('data that is no JSON', 'trigger_data=%7B', 'trigger_data cast'),
  wrongQuery('data that is nested', 'trigger_data=%7B%22a%22%3A%7B%7D%7D', 'trigger_data cast'),
]
const messageFilters: Refusal[] = [
  wrongQuery('an unknown status', 'status[]=sent&status[]=lost', 'status[1] inclusion'),
  wrongQuery('an unknown engagement', 'engagement_status=liked', 'engagement_status[0] inclusion'),
  wrongQuery('an unknown channel', 'channel_id=carrier-pigeon', 'channel_id inclusion'),
  wrongQuery('a trigger that is no UUID', 'workflow_run_id=1', 'workflow_run_id format'),
  wrongQuery('a recipient run that is no UUID', 'workflow_recipient_run_id=1', 'workflow_recipient_run_id format'),
  wrongQuery('51 ids', Array.from({ length: 51 }, (_, i) => `message_ids[]=${i}`).join('&'), 'message_ids length'),
  wrongQuery('a text with U+0000', 'tenant=%00', 'tenant format'),
  ...inserted,
  ...data,
  ...paged,
]
const tooMany = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }
/** Of the calls about users, messages, feeds and recipient runs, by method and path. */
export const recordRefusals: Record<string, Refusal[]> = {
  'put /v1/users/ada': [
    wrong('a name that is no text', { name: 5 }, 'name cast'),
    wrong('an email that is no text', { email: ['a'] }, 'email cast'),
    wrong('an instant that is no text', { created_at: 5 }, 'created_at cast'),
    wrong('preferences', { preferences: {} }, 'preferences cast'),
    wrong('channel data', { channel_data: {} }, 'channel_data cast'),
    wrong('more than 256 kB', { bio: long(262_144) }, 'body length'),
    wrong('a text with U+0000', { plan: { name: 'a\u0000' } }, 'plan.name format'),
    ...users(),
    ...unread,
  ],
  'get /v1/users/ada': [missing('a user never seen', '/v1/users/nobody', 'resource_missing'), ...users()],
  'delete /v1/users/ada': [missing('a user never seen', '/v1/users/nobody', 'resource_missing'), ...users()],
  'get /v1/messages': messageFilters,
  'get /v1/users/ada/messages': [...users('/messages'), ...messageFilters],
  'get /v1/messages/1': [missing('a message that is none', '/v1/messages/1', 'resource_missing')],
  'get /v1/messages/1/content': [missing('a message that is none', '/v1/messages/1/content', 'resource_missing')],
  'get /v1/messages/1/events': [missing('a message that is none', '/v1/messages/1/events', 'resource_missing')],
  'put /v1/messages/1/interacted': [
    missing('a message that is none', '/v1/messages/1/interacted', 'resource_missing', {}),
    wrong('metadata as a text', { metadata: 'x' }, 'metadata cast'),
    wrong('metadata that is nested', { metadata: { a: {} } }, 'metadata.a cast'),
    wrong('six fields of metadata', { metadata: tooMany }, 'metadata length'),
    ...unread,
  ],
  ...Object.fromEntries(
    ['seen', 'read', 'archived'].flatMap((status) =>
      ['put', 'delete'].map((method) => [
        `${method} /v1/messages/1/${status}`,
        [missing('a message that is none', `/v1/messages/1/${status}`, 'resource_missing')],
      ]),
    ),
  ),
  ...Object.fromEntries(
    engagementActions.map((action) => [
      `post /v1/messages/batch/${action}`,
      [
        wrong('no ids', {}, 'message_ids required'),
        wrong('an empty list', { message_ids: [] }, 'message_ids length'),
        wrong('1,001 ids', { message_ids: Array(1_001).fill('a') }, 'message_ids length'),
        wrong('ids as a text', { message_ids: 'a' }, 'message_ids cast'),
        wrong('a number as id', { message_ids: ['a', 5] }, 'message_ids[1] cast'),
        wrong('six fields of metadata', { message_ids: ['a'], metadata: tooMany }, 'metadata length'),
        ...unread,
      ],
    ]),
  ),
  'get /v1/users/ada/feeds/in-app-feed': [
    missing('an unknown channel', '/v1/users/ada/feeds/carrier-pigeon', 'resource_missing'),
    missing('a channel that is no feed', '/v1/users/ada/feeds/smtp', 'resource_missing'),
    ...users('/feeds/in-app-feed'),
    wrongQuery('an unknown status', 'status=liked', 'status inclusion'),
    wrongQuery('two statuses', 'status[]=read&status[]=seen', 'status inclusion'),
    wrongQuery('an unknown archived', 'archived=maybe', 'archived inclusion'),
    wrongQuery('an unknown mode', 'mode=poor', 'mode inclusion'),
    wrongQuery('has_tenant that is no flag', 'has_tenant=yes', 'has_tenant inclusion'),
    ...inserted,
    ...data,
    ...paged,
  ],
  'get /v1/users/ada/feeds/in-app-feed/settings': [
    missing('an unknown channel', '/v1/users/ada/feeds/carrier-pigeon/settings', 'resource_missing'),
    ...users('/feeds/in-app-feed/settings'),
  ],
  'get /v1/workflow_recipient_runs': [
    wrongQuery('an unknown status', 'status[]=asleep', 'status[0] inclusion'),
    wrongQuery('both spellings that differ', 'cancelation_key=a&cancellation_key=b', 'cancelation_key conflict'),
    wrongQuery('an empty key', 'cancelation_key=', 'cancelation_key length'),
    wrongQuery('a trigger that is no UUID', 'workflow_run_id=1', 'workflow_run_id format'),
    wrongQuery('has_errors that is no flag', 'has_errors=1', 'has_errors inclusion'),
    wrongQuery('a start in words', 'starting_at=yesterday', 'starting_at format'),
    wrongQuery('an end without a zone', 'ending_at=2026-03-01T12:00:00', 'ending_at format'),
    wrongQuery('an object without an id', 'recipient[collection]=teams', 'recipient.id required'),
    ...paged,
  ],
  'get /v1/workflow_recipient_runs/1': [
    missing('one that is none', '/v1/workflow_recipient_runs/1', 'resource_missing'),
    missing('one that never was', `/v1/workflow_recipient_runs/${randomUUID()}`, 'resource_missing'),
  ],
}
