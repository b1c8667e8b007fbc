import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import pLimit from 'p-limit'
import { NOTIFICATION_RUN } from '../../workflows/names.ts'
import { stateQuery, type RunView } from '../../workflows/run-view.ts'

/** Queries under way: each may replay a history. */
const QUERIES = 10
const QUERY_MS = 10_000

/** Workflow IDs of all open runs. The list is some seconds behind: what it says is to be looked at one by one. */
export async function openRuns(client: Client): Promise<Set<string>> {
  const ids = new Set<string>()
  const query = `WorkflowType = '${NOTIFICATION_RUN}' AND ExecutionStatus = 'Running'`
  for await (const { workflowId } of client.workflow.list({ query })) ids.add(workflowId)
  return ids
}

/** What an open run knows; `closed` if there is none; `silent` if no worker answers for it. */
export type Known = RunView | 'closed' | 'silent'

/** How many runs may be silent in a row before no other is asked: each costs ten seconds, and no worker is there. */
export interface Patience {
  left: number
}

/** At the beginning. An answer brings it back to this. */
export const patience = (): Patience => ({ left: 2 * QUERIES })

/** What each of these runs says of itself, or that it did not answer. */
export async function viewsOf(
  client: Client,
  workflowIds: readonly string[],
  asked: Patience,
): Promise<Map<string, Known>> {
  const limit = pLimit(QUERIES)
  const entries = workflowIds.map((id) => limit(async () => [id, await viewOf(client, id, asked)] as const))
  return new Map(await Promise.all(entries))
}

async function viewOf(client: Client, workflowId: string, asked: Patience): Promise<Known> {
  const handle = client.workflow.getHandle(workflowId)
  try {
    const { status } = await handle.describe()
    if (status.name !== 'RUNNING') return 'closed'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'closed'
    throw error
  }
  if (asked.left <= 0) return 'silent'
  try {
    const view = await client.connection.withDeadline(Date.now() + QUERY_MS, () => handle.query(stateQuery))
    asked.left = patience().left
    return view
  } catch {
    asked.left -= 1
    return 'silent'
  }
}
