import { until } from '../fixtures/until.ts'
import type { Belay } from './belay.ts'

/** Triggers a workflow for ada, waits until her run and its messages are over, and tells why it came to nothing; null: it did not. */
export async function reasonOf(belay: Belay, workflow: string, data: Record<string, string>): Promise<string | null> {
  const { workflow_run_id } = await belay.trigger(workflow, { recipients: ['ada'], data })
  await until(`${workflow} ${JSON.stringify(data)} to end`, async () => {
    const [found] = await belay.recipientRuns({ workflow_run_id })
    const messages = await belay.messages({ workflow_run_id })
    return found?.status === 'completed' && messages.every(({ status }) => status !== 'queued')
  })
  // Once its messages are over: their ends are its reason, too.
  return (await belay.recipientRuns({ workflow_run_id }))[0]!.reason
}
