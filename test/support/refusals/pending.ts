import { randomUUID } from 'node:crypto'
import { long, missing, unread, users, wrong, wrongPath, type Refusal } from './refusal.ts'

const key = { cancelation_key: 'key' }
const someone = randomUUID()

/** Of every call that names who is pending. */
const keyed = (more: object = {}): Refusal[] => [
  wrong('no key', more, 'cancelation_key required'),
  wrong('a null key', { ...more, cancelation_key: null }, 'cancelation_key required'),
  wrong('an empty key', { ...more, cancelation_key: '' }, 'cancelation_key length'),
  wrong('a key of 1,001 characters', { ...more, cancellation_key: long(1_001) }, 'cancellation_key length'),
  wrong('a boolean as key', { ...more, cancelation_key: true }, 'cancelation_key cast'),
  wrong('a key with U+0000', { ...more, cancelation_key: 'a\u0000' }, 'cancelation_key format'),
  wrong('both spellings that differ', { ...more, ...key, cancellation_key: 'b' }, 'cancelation_key conflict'),
]

/** Of every call that takes recipients. */
const named = (more: object = {}): Refusal[] => [
  wrong('nobody', { ...more, recipients: [] }, 'recipients length'),
  wrong('10,001 recipients', { ...more, recipients: Array(10_001).fill('ada') }, 'recipients length'),
  wrong('recipients as a text', { ...more, recipients: 'ada' }, 'recipients cast'),
  wrong('a number as id', { ...more, recipients: [5] }, 'recipients[0] cast'),
  wrong('a bad id', { ...more, recipients: ['ada', 'a/b'] }, 'recipients[1] format'),
  wrong('a long id', { ...more, recipients: [long(257)] }, 'recipients[0] length'),
  wrong('an object without an id', { ...more, recipients: [{ collection: 'c' }] }, 'recipients[0].id required'),
  wrong('a typo of recipients', { ...more, recipient: ['ada'] }, 'recipient unknown'),
]

/** Of every cancel. */
const reasoned = (more: object = {}): Refusal[] => [
  wrong('a long reason', { ...more, reason: long(1_001) }, 'reason length'),
  wrong('a number as reason', { ...more, reason: 5 }, 'reason cast'),
]
const archiving = (more: object = {}) =>
  wrong('archive_sent as a text', { ...more, archive_sent: 'yes' }, 'archive_sent cast')

/** Of the calls that change what is pending, by method and path. */
export const pendingRefusals: Record<string, Refusal[]> = {
  'post /v1/notify/cancel': [
    wrong('no name', key, 'name required'),
    wrong('a number as name', { ...key, name: 5 }, 'name cast'),
    { ...missing('an unknown workflow', '/v1/notify/cancel', 'workflow_missing', { ...key, name: 'never' }) },
    ...keyed({ name: 'invite' }),
    ...named({ ...key, name: 'invite' }),
    ...reasoned({ ...key, name: 'invite' }),
    archiving({ ...key, name: 'invite' }),
    ...unread,
  ],
  'post /v1/workflows/invite/reschedule': [
    missing('an unknown workflow', '/v1/workflows/never/reschedule', 'workflow_missing', {
      ...key,
      delay_for: { unit: 'days', value: 1 },
    }),
    wrong('no instant', key, 'delay_until required'),
    wrong('nothing at all', {}, 'cancelation_key required', 'delay_until required'),
    wrong(
      'an instant and a duration',
      { ...key, delay_until: '2026-03-02T12:00:00Z', delay_for: { unit: 'days', value: 1 } },
      'delay_until conflict',
    ),
    wrong('a number as instant', { ...key, delay_until: 5 }, 'delay_until cast'),
    wrong('an instant in words', { ...key, delay_until: 'tomorrow' }, 'delay_until format'),
    wrong('an instant without a zone', { ...key, delay_until: '2026-03-02T12:00:00' }, 'delay_until format'),
    wrong('a day that is none', { ...key, delay_until: '2026-02-30T12:00:00Z' }, 'delay_until format'),
    wrong('a past instant', { ...key, delay_until: '2026-03-01T11:59:59Z' }, 'delay_until invalid'),
    wrong('this very instant', { ...key, delay_until: '2026-03-01T12:00:00Z' }, 'delay_until invalid'),
    wrong('an instant in more than 365 days', { ...key, delay_until: '2027-03-01T12:00:01Z' }, 'delay_until length'),
    wrong('a duration as a text', { ...key, delay_for: '1 day' }, 'delay_for cast'),
    wrong('a duration without a unit', { ...key, delay_for: { value: 1 } }, 'delay_for.unit required'),
    wrong('a unit unheard of', { ...key, delay_for: { unit: 'fortnights', value: 1 } }, 'delay_for.unit inclusion'),
    wrong('no days', { ...key, delay_for: { unit: 'days', value: 0 } }, 'delay_for.value length'),
    wrong('half a day', { ...key, delay_for: { unit: 'days', value: 0.5 } }, 'delay_for.value cast'),
    wrong('366 days', { ...key, delay_for: { unit: 'days', value: 366 } }, 'delay_for length'),
    ...keyed({ delay_for: { unit: 'days', value: 1 } }),
    ...named({ ...key, delay_for: { unit: 'days', value: 1 } }),
    wrong('a reason', { ...key, delay_for: { unit: 'days', value: 1 }, reason: 'x' }, 'reason unknown'),
    ...unread,
  ],
  'post /v1/workflows/invite/send_now': [
    missing('an unknown workflow', '/v1/workflows/never/send_now', 'workflow_missing', key),
    ...keyed(),
    ...named(key),
    wrong('an instant', { ...key, delay_until: '2026-03-02T12:00:00Z' }, 'delay_until unknown'),
    ...unread,
  ],
  'post /v1/workflows/invite/bulk_cancel': [
    missing('an unknown workflow', '/v1/workflows/never/bulk_cancel', 'workflow_missing', { cancelation_keys: ['a'] }),
    wrong('no keys', {}, 'cancelation_keys required'),
    wrong('an empty list of keys', { cancelation_keys: [] }, 'cancelation_keys length'),
    wrong('1,001 keys', { cancelation_keys: Array(1_001).fill('a') }, 'cancelation_keys length'),
    wrong('a key that is no list', { cancelation_keys: 'a' }, 'cancelation_keys cast'),
    wrong('an empty key', { cancelation_keys: ['a', ''] }, 'cancelation_keys[1] length'),
    wrong('a null key', { cancelation_keys: [null] }, 'cancelation_keys[0] cast'),
    wrong('recipients', { cancelation_keys: ['a'], recipients: ['ada'] }, 'recipients unknown'),
    wrong('one key', { cancelation_keys: ['a'], ...key }, 'cancelation_key unknown'),
    ...reasoned({ cancelation_keys: ['a'] }),
    archiving({ cancelation_keys: ['a'] }),
    ...unread,
  ],
  'post /v1/users/ada/cancel': [
    wrong('a workflow that is no text', { workflow: 5 }, 'workflow cast'),
    wrong('a tenant that is no text', { tenant: {} }, 'tenant cast'),
    wrong('recipients', { recipients: ['bob'] }, 'recipients unknown'),
    wrong('a key', key, 'cancelation_key unknown'),
    ...users('/cancel'),
    ...reasoned(),
    ...unread,
  ],
  [`post /v1/workflow_runs/${someone}/cancel`]: [
    missing('an unknown trigger', `/v1/workflow_runs/${someone}/cancel`, 'resource_missing', {}),
    wrongPath('an id that is no UUID', '/v1/workflow_runs/1/cancel', 'workflow_run_id format'),
    wrong('a key', key, 'cancelation_key unknown'),
    ...named(),
    ...reasoned(),
    archiving(),
    ...unread,
  ],
}
