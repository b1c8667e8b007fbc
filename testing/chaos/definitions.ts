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

/** One of every kind: delays, branches, batches, waits for events, fetches, triggers, and three channels. */
export function definitionFiles(httpUrl: string): Record<string, unknown> {
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
    'child/workflow.json': workflow(delayStep('sleep', 1), httpStep('child', httpUrl, '{{ data.n }}')),
  }
}

export const kinds = ['letter', 'late', 'fork', 'digest', 'paid', 'fetch', 'parent'] as const
export type Kind = (typeof kinds)[number]

/** What came of the wait for `paid`; `either`: the event came about when the wait ended. */
export type Paid = 'came' | 'expired' | 'either'

/** Refs of the steps whose messages each recipient gets, one list for each way it may go. */
export function expectedRefs(kind: Kind, { vip, paid }: { vip: boolean; paid: Paid }): string[][] {
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
  }
}
