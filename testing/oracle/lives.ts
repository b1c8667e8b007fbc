import fc from 'fast-check'
import { keys, type Conflict, type Where } from './caller.ts'
import { answers } from './provider.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const n = fc.nat({ max: 5 })
const person = fc.constantFrom('ada', 'grace', 'alan')
const recipients = fc.uniqueArray(person, { minLength: 1, maxLength: 3 })
const whom = fc.oneof(fc.tuple(person), fc.constant(null))
const where = fc.constantFrom<Where[]>('here', 'here', 'here', 'elsewhere')
const conflict = fc.constantFrom<Conflict[]>('join', 'join', 'replace', 'keep')
const to = fc.constantFrom('rescheduled' as const, 'sent_now' as const)
const later = fc.constantFrom(MINUTE, DAY)
const ms = fc.constantFrom(1, 15_000, MINUTE, DAY - MINUTE, DAY)

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trigger' as const), where, recipients, conflict }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), where, whom }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), where, whom, to, later }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelTrigger' as const), n, whom }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelByHand' as const), n, whom }) },
)
export type LifeStep = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** What is done to the runs of two keys, and what their provider answers, over and over. */
export const lives = fc.record({
  home: fc.constantFrom(...keys),
  recipients,
  provider: fc.array(fc.constantFrom(...answers), { minLength: 1, maxLength: 8 }),
  steps: fc.array(step, { minLength: 4, maxLength: 12 }),
})
export type Life = typeof lives extends fc.Arbitrary<infer Value> ? Value : never
