import { TestWorkflowEnvironment, type LocalTestWorkflowEnvironmentOptions } from '@temporalio/testing'
import { temporalCli, temporalTestServer } from './binaries.ts'

/** A server whose clock jumps while a result is awaited or `env.sleep` runs. The caller tears it down, or it outlives the test. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  const path = await temporalTestServer()
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })
}

/** A real server in memory, or on `dbFilename`. The caller tears it down, or it outlives the test. */
export async function devServer(
  server: LocalTestWorkflowEnvironmentOptions['server'] = {},
): Promise<TestWorkflowEnvironment> {
  const path = await temporalCli()
  return TestWorkflowEnvironment.createLocal({ server: { ...server, executable: { type: 'existing-path', path } } })
}
