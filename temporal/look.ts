import { isGrpcServiceError, type Client } from '@temporalio/client'
import { searchAttributes } from './send.ts'

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
  const { namespace } = client.options
  return client.connection.withDeadline(Date.now() + deadlineMs, async () => {
    // One after the other: a call that outlives its connection is thrown at nobody.
    const failingRuns = await unlessRefused(async () => (await client.workflow.count(FAILING)).count)
    const missingAttributes = await unlessRefused(async () => {
      const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace })
      return Object.values(searchAttributes).flatMap(({ name }) => (name in customAttributes ? [] : [name]))
    })
    return { failingRuns, missingAttributes }
  })
}

/** gRPC's INVALID_ARGUMENT, PERMISSION_DENIED and UNIMPLEMENTED. */
const REFUSED = new Set([3, 7, 12])

async function unlessRefused<Value>(ask: () => Promise<Value>): Promise<Value | null> {
  try {
    return await ask()
  } catch (error) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if (isGrpcServiceError(cause) && REFUSED.has(cause.code)) return null
    }
    throw error
  }
}
