import type { Scenario } from '../bench.ts'
import { fanOut } from './fan-out.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [fanOut]
