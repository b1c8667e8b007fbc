import { SECOND, type LiveRun } from '../../testing/product/live-run.ts'
import type { Plan } from '../../testing/fixtures/recording.ts'

/** How a history comes about that replay holds against the workflow code. */
interface Shape {
  plan: Plan
  /** Events after which the run is told to continue as new. */
  limit?: number
  /** Resolves to the id of the execution to be written, if it is not the newest. */
  story: (run: LiveRun) => Promise<string | undefined>
}

/** By the names of their files. */
export type Shapes = Readonly<Record<string, Shape>>

export const REMINDER: Plan = [{ delay: 2 * SECOND }, 'email_1']

/** Waits until the run is over, however it ends. */
export async function closed(run: LiveRun): Promise<undefined> {
  await run.handle.result().catch(() => undefined)
}
