import { buildScope, type Scope, type ScopeInput } from '../../activities/scope.ts'

/** What the templates of one recipient see. */
export function testScope(
  given: Partial<
    ScopeInput['trigger'] & Pick<ScopeInput, 'recipient' | 'recipientRunId' | 'triggerData' | 'messageId'>
  > = {},
): Scope {
  const { recipient, recipientRunId, triggerData, messageId, ...trigger } = given
  return buildScope({
    definition: { key: 'hello', name: 'Hello', categories: ['examples'] },
    trigger: {
      workflowRunId: '0b5c7f3e-4a55-4c39-9a0f-6f1f0d1f6a11',
      cancelationKey: 'invite-1',
      acceptedAt: new Date('2030-01-31T12:00:00Z'),
      data: {},
      actor: null,
      tenant: null,
      ...trigger,
    },
    recipientRunId: recipientRunId ?? '0b5c7f3e-4a55-8c39-9a0f-6f1f0d1f6a11',
    recipient: recipient ?? { id: 'u1', properties: {} },
    triggerData: triggerData ?? null,
    messageId: messageId ?? 'm1',
  })
}
