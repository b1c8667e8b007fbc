import { delayStep, emailStep, feedStep, httpStep, workflow } from '../fixtures/steps.ts'

/** How long a recipient sleeps where a definition says so, in seconds. */
export const SLEEP_S = 2
/** How long `paid` is waited for, in seconds. */
export const WAIT_S = 4

const is = (variable: string, argument: unknown) => ({ variable, operator: 'equal_to', argument })
const branchOn = (variable: string, argument: unknown, steps: object[], others: object[]) => ({
  ref: 'fork',
  type: 'branch',
  branches: [
    { name: 'Yes', conditions: { all: [is(variable, argument)] }, steps },
    { name: 'Default', steps: others },
  ],
})
const mail = (ref: string) => emailStep(ref, { subject: ref })

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
/** Send windows that are open from this instant on, by UTC, and neither before it on that day nor on the day before. */
const openFrom = (at: Date) =>
  days.map((day, index) => {
    if (index === (at.getUTCDay() + 6) % 7) return { day, type: 'do_not_send' }
    return { day, type: 'send', ...(index === at.getUTCDay() && { from: at.toISOString().slice(11, 19) }) }
  })
const laid = '{"note": "{{ data.n }}"}'

/**
 * One of every kind: delays, branches, batches, waits for events, fetches, triggers, throttles, updates, send windows, and three
 * channels. The window of `window` opens at an instant, which is a whole second.
 */
export function definitionFiles(httpUrl: string, opensAt: Date): Record<string, unknown> {
  const wait = {
    ref: 'wait',
    type: 'wait_for_event',
    settings: {
      event: { event_type: 'event', event_key: 'paid' },
      expires_after: { unit: 'seconds', value: WAIT_S },
      match_conditions: [{ operator: 'and', conditions: [is('event.n', 'data.n')] }],
      look_back: { unit: 'minutes', value: 30 },
      on_match: 'continue',
      on_timeout: 'continue',
    },
  }
  const listed = '{% for a in activities %}{{ a.n }} {% endfor %}'
  return {
    'probe/workflow.json': workflow(feedStep('seen')),
    'letter/workflow.json': workflow(feedStep('now'), delayStep('sleep', SLEEP_S), mail('mail')),
    'late/workflow.json': workflow(
      { ref: 'sleep', type: 'delay', settings: { delay_until_field_path: 'data.wait' } },
      feedStep('later'),
      httpStep('hook', httpUrl, '{{ data.n }}'),
    ),
    'fork/workflow.json': workflow(
      branchOn('data.vip', true, [mail('vip')], [feedStep('plain')]),
      delayStep('sleep', 1),
      feedStep('end'),
    ),
    'digest/workflow.json': workflow(
      { ref: 'batch', type: 'batch', settings: { batch_window: { unit: 'seconds', value: 3 } } },
      httpStep('digest', httpUrl, listed),
    ),
    'paid/workflow.json': workflow(wait, branchOn('refs.wait.matched', true, [mail('came')], [feedStep('expired')])),
    'fetch/workflow.json': workflow(
      { ref: 'fetch', type: 'http_fetch', settings: { method: 'get', url: `${httpUrl}/answer` } },
      feedStep('got'),
    ),
    'parent/workflow.json': workflow(
      { ref: 'call', type: 'trigger_workflow', settings: { workflow_key: 'child', data: '{"n": "{{ data.n }}"}' } },
      feedStep('told'),
    ),
    'throttle/workflow.json': workflow(
      feedStep('before'),
      { ref: 'throttle', type: 'throttle', settings: { throttle_window: { unit: 'days', value: 1 } } },
      delayStep('sleep', 1),
      feedStep('passed'),
    ),
    'update/workflow.json': workflow(
      { ref: 'data', type: 'update_data', settings: { data: laid } },
      { ref: 'user', type: 'update_user', settings: { recipient_mode: 'current', update_properties: laid } },
      { ref: 'tenant', type: 'update_tenant', settings: { recipient_mode: 'current', update_properties: laid } },
      {
        ref: 'object',
        type: 'update_object',
        settings: {
          recipient_mode: 'reference',
          recipient_gid: 'gid://Object/projects/{{ data.n }}',
          update_properties: laid,
        },
      },
      httpStep('updated', httpUrl, '{{ data.n }} {{ data.note }} {{ recipient.note }} {{ tenant.note }}'),
    ),
    'window/workflow.json': workflow(
      { ...mail('open'), send_windows: days.map((day) => ({ day, type: 'send' })) },
      { ...httpStep('soon', httpUrl, '{{ data.n }}'), send_windows: openFrom(opensAt) },
    ),
    'child/workflow.json': workflow(delayStep('sleep', 1), httpStep('child', httpUrl, '{{ data.n }}')),
  }
}

export const kinds = [
  'letter',
  'late',
  'fork',
  'digest',
  'paid',
  'fetch',
  'parent',
  'throttle',
  'update',
  'window',
] as const
export type Kind = (typeof kinds)[number]

/** What came of the wait for `paid`; `either`: the event came about when the wait ended. */
export type Paid = 'came' | 'expired' | 'either'

/** `isOne`: nobody else was triggered for the same people. */
interface Told {
  vip: boolean
  paid: Paid
  isOne: boolean
}

/** Refs of the steps whose messages each recipient gets, one list for each way it may go. */
export function expectedRefs(kind: Kind, { vip, paid, isOne }: Told): string[][] {
  switch (kind) {
    case 'letter':
      return [['now', 'mail']]
    case 'late':
      return [['later', 'hook']]
    case 'fork':
      return [vip ? ['vip', 'end'] : ['plain', 'end']]
    case 'digest':
      return [['digest']]
    case 'paid':
      return paid === 'either' ? [['came'], ['expired']] : [[paid]]
    case 'fetch':
      return [['got']]
    case 'parent':
      return [['told']]
    case 'throttle':
      return [['before', 'passed'], ...(isOne ? [] : [['before']])]
    case 'update':
      return [['updated']]
    case 'window':
      return [['open', 'soon']]
  }
}
