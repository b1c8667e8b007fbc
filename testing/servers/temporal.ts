import { TestWorkflowEnvironment, type LocalTestWorkflowEnvironmentOptions } from '@temporalio/testing'
import { temporalCli, temporalTestServer } from './binaries.ts'
import { freePort } from './ports.ts'

/** A server whose clock jumps while a result is awaited or `env.sleep` runs. The caller tears it down, or it outlives the test. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  const path = await temporalTestServer()
  const executable = { type: 'existing-path', path } as const
  return TestWorkflowEnvironment.createTimeSkipping({ server: { port: await freePort(), executable } })
}

/** A real server in memory, or on `dbFilename`. The caller tears it down, or it outlives the test. */
export async function devServer(
  server: LocalTestWorkflowEnvironmentOptions['server'] = {},
): Promise<TestWorkflowEnvironment> {
  const path = await temporalCli()
  const executable = { type: 'existing-path', path } as const
  for (let tried = 1; ; tried += 1) {
    try {
      return await TestWorkflowEnvironment.createLocal({ server: { port: await freePort(), ...server, executable } })
    } catch (error) {
      // It picks ports for its inner services itself, and dies if another process was faster.
      if (tried === 3) throw error
    }
  }
}
