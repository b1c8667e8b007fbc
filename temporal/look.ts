import type { Client } from '@temporalio/client'
import { isForbidden, isRefusal } from './refusals.ts'
import { missingAttributes } from './search-attributes.ts'

/** What an operator watches of Temporal. */
export interface TemporalFigures {
  /** Runs of ours whose workflow task or activity of it fails again and again; null where the server does not tell. */
  failingRuns: number | null
  /** Search attributes that runs are found by, and that the namespace lacks; null where it may not be asked. */
  missingAttributes: string[] | null
}

/** Set by a server of 1.30 or later on runs whose tasks fail. */
const FAILING = 'TemporalReportedProblems is not null and ExecutionStatus = "Running"'

/** Asks Temporal. Rejects where it does not answer; what it refuses to tell is null. */
export async function lookAtTemporal(client: Client, deadlineMs: number): Promise<TemporalFigures> {
  return client.connection.withDeadline(Date.now() + deadlineMs, async () => {
    // One after the other: none is left under way when the other fails.
    const failingRuns = await unlessRefused(async () => (await client.workflow.count(FAILING)).count)
    const missing = await unlessRefused(async () => (await missingAttributes(client)).map(({ name }) => name))
    return { failingRuns, missingAttributes: missing }
  })
}

async function unlessRefused<Value>(ask: () => Promise<Value>): Promise<Value | null> {
  try {
    return await ask()
  } catch (error) {
    if (isRefusal(error) || isForbidden(error)) return null
    throw error
  }
}
