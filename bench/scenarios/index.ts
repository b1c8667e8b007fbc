import type { Scenario } from '../bench.ts'
import { asleep } from './asleep.ts'
import { batches } from './batches.ts'
import { begin } from './begin.ts'
import { calls } from './calls.ts'
import { edges } from './edges.ts'
import { embedded } from './embedded.ts'
import { events } from './events.ts'
import { fanOut } from './fan-out.ts'
import { joining } from './joining.ts'
import { live } from './live.ts'
import { render } from './render.ts'
import { slowProvider } from './slow-provider.ts'
import { spread, spreadHour } from './spread.ts'
import { subscribers } from './subscribers.ts'
import { topOfMinute } from './top-of-minute.ts'
import { workerSettings } from './worker-settings.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  fanOut,
  embedded,
  events,
  calls,
  begin,
  topOfMinute,
  spread,
  asleep,
  live,
  render,
  slowProvider,
  edges,
  workerSettings,
  joining,
  batches,
  subscribers,
  spreadHour,
]
