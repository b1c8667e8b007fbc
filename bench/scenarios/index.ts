import type { Scenario } from '../bench.ts'
import { asleep } from './asleep.ts'
import { calls } from './calls.ts'
import { events } from './events.ts'
import { fanOut } from './fan-out.ts'
import { spread, spreadHour } from './spread.ts'
import { topOfMinute } from './top-of-minute.ts'
import { workerSettings } from './worker-settings.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  fanOut,
  events,
  calls,
  topOfMinute,
  spread,
  asleep,
  workerSettings,
  spreadHour,
]
