import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { wakesOf, type Wakes } from '../../schedules/calendars.ts'
import { nextOccurrence, type Recurrence, type RepeatRule } from '../../schedules/occurrences.ts'
import { wallTime } from '../../schedules/wall-time.ts'
import { weekdays } from '../../steps/delay/weekdays.ts'

const DAY = 86_400_000
const rule = (given: Partial<RepeatRule> & Pick<RepeatRule, 'frequency'>): RepeatRule => {
  return { interval: 1, days: null, day_of_month: null, hours: null, minutes: null, ...given }
}

function occurrences(given: Partial<Omit<Recurrence, 'start'>> & { start: string }, count: number): string[] {
  const start = Date.parse(given.start)
  const recurrence = { repeats: [], zone: 'Etc/UTC', startGiven: true, end: null, ...given, start }
  const found: string[] = []
  for (let at: number | null = start - 1; found.length < count;) {
    at = nextOccurrence(recurrence, at)
    if (at === null) break
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'))
  }
  return found
}

test('without a rule it occurs once, at its start', () => {
  assert.deepEqual(occurrences({ start: '2026-03-01T10:00:30.500Z' }, 3), ['2026-03-01T10:00:30.500Z'])
})

test('a daily rule keeps its time of the day where the clocks change; an hour that spring leaves out counts as its end', () => {
  const repeats = [rule({ frequency: 'daily', hours: 2, minutes: 30 })]
  const berlin = { repeats, zone: 'Europe/Berlin' }
  assert.deepEqual(occurrences({ ...berlin, start: '2026-03-28T00:00:00Z' }, 3), [
    '2026-03-28T01:30Z',
    '2026-03-29T01:00Z',
    '2026-03-30T00:30Z',
  ])
  assert.deepEqual(occurrences({ ...berlin, start: '2026-10-24T00:00:00Z' }, 3), [
    '2026-10-24T00:30Z',
    '2026-10-25T00:30Z',
    '2026-10-26T01:30Z',
  ])
})

test('of every two weeks one counts, from the week of the first occurrence on', () => {
  const repeats = [rule({ frequency: 'weekly', interval: 2, days: ['mon', 'thu'], hours: 9 })]
  // A Wednesday: that Thursday is the first.
  assert.deepEqual(occurrences({ repeats, start: '2026-01-07T00:00:00Z' }, 4), [
    '2026-01-08T09:00Z',
    '2026-01-19T09:00Z',
    '2026-01-22T09:00Z',
    '2026-02-02T09:00Z',
  ])
})

test('days of a daily rule, every third hour, and a month without the day', () => {
  const days = [rule({ frequency: 'daily', days: ['sat', 'sun'], hours: 8 })]
  assert.deepEqual(occurrences({ repeats: days, start: '2026-01-01T00:00:00Z' }, 3), [
    '2026-01-03T08:00Z',
    '2026-01-04T08:00Z',
    '2026-01-10T08:00Z',
  ])
  const hourly = [rule({ frequency: 'hourly', interval: 3, minutes: 15 })]
  assert.deepEqual(occurrences({ repeats: hourly, start: '2026-01-01T10:20:00Z' }, 3), [
    '2026-01-01T11:15Z',
    '2026-01-01T14:15Z',
    '2026-01-01T17:15Z',
  ])
  const monthly = [rule({ frequency: 'monthly', day_of_month: 31 })]
  assert.deepEqual(occurrences({ repeats: monthly, start: '2026-01-01T00:00:00Z' }, 3), [
    '2026-01-31T00:00Z',
    '2026-03-31T00:00Z',
    '2026-05-31T00:00Z',
  ])
})

test('what a rule leaves open is the start’s, in the zone, and without a start midnight, Monday, the first', () => {
  const of = (frequency: RepeatRule['frequency'], startGiven: boolean) =>
    occurrences(
      { repeats: [rule({ frequency })], zone: 'America/New_York', start: '2026-01-14T20:30:00Z', startGiven },
      2,
    )
  assert.deepEqual(of('daily', true), ['2026-01-14T20:30Z', '2026-01-15T20:30Z'])
  assert.deepEqual(of('weekly', true), ['2026-01-14T20:30Z', '2026-01-21T20:30Z'])
  assert.deepEqual(of('monthly', true), ['2026-01-14T20:30Z', '2026-02-14T20:30Z'])
  assert.deepEqual(of('daily', false), ['2026-01-15T05:00Z', '2026-01-16T05:00Z'])
  assert.deepEqual(of('weekly', false), ['2026-01-19T05:00Z', '2026-01-26T05:00Z'])
  assert.deepEqual(of('monthly', false), ['2026-02-01T05:00Z', '2026-03-01T05:00Z'])
})

test('several rules come in the order of time, an end is the last, and a rule may never come', () => {
  const repeats = [rule({ frequency: 'daily', hours: 9 }), rule({ frequency: 'daily', hours: 17 })]
  const end = Date.parse('2026-01-02T09:00:00Z')
  assert.deepEqual(occurrences({ repeats, start: '2026-01-01T12:00:00Z', end }, 9), [
    '2026-01-01T17:00Z',
    '2026-01-02T09:00Z',
  ])
  const never = [rule({ frequency: 'monthly', interval: 12, day_of_month: 31, days: null })]
  assert.equal(occurrences({ repeats: never, start: '2026-02-01T00:00:00Z' }, 1).length, 1)
})

const zones = [
  'Etc/UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Cairo',
  'Pacific/Chatham',
]
const rules = fc.record({
  frequency: fc.constantFrom('hourly' as const, 'daily' as const, 'weekly' as const, 'monthly' as const),
  interval: fc.integer({ min: 1, max: 4 }),
  days: fc.option(fc.subarray([...weekdays], { minLength: 1 })),
  day_of_month: fc.option(fc.integer({ min: 1, max: 31 })),
  hours: fc.option(fc.integer({ min: 0, max: 23 })),
  minutes: fc.option(fc.integer({ min: 0, max: 59 })),
})
const recurrences = fc.record({
  repeats: fc.array(rules, { minLength: 1, maxLength: 2 }),
  zone: fc.constantFrom(...zones),
  start: fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }).map((at) => at - (at % 1_000)),
  startGiven: fc.boolean(),
  end: fc.constant(null),
})

/** Whether Temporal would wake it: as it reads a calendar in a zone, where the time of the day is there once. */
function falls({ calendars, instants }: Wakes, at: number, zone: string): boolean {
  if (instants.includes(at)) return true
  const wall = wallTime(at, zone)
  const isTwice = [-60, -30, 30, 60].some((minutes) => {
    const other = wallTime(at + minutes * 60_000, zone)
    return other.day === wall.day && other.hour === wall.hour && other.minute === wall.minute
  })
  if (isTwice) return false
  return calendars.some(({ dayOfMonth, dayOfWeek, hour, minute, second }) => {
    const { start, end } = typeof dayOfMonth === 'object' ? dayOfMonth : { start: dayOfMonth, end: dayOfMonth }
    return (
      (start === undefined || (wall.day >= start && wall.day <= end!)) &&
      (dayOfWeek?.includes((wall.weekday + 1) % 7) ?? true) &&
      (hour === undefined || hour === wall.hour) &&
      minute === wall.minute &&
      second === wall.second
    )
  })
}

test('whatever the rules, occurrences go forward from the start, and the calendars fall on each of them', () => {
  fc.assert(
    fc.property(recurrences, (recurrence) => {
      const { start, zone } = recurrence
      const wakes = wakesOf(recurrence, start)
      let last = start - 1
      for (let i = 0; i < 400; i += 1) {
        const next = nextOccurrence(recurrence, last)
        if (next === null || next > start + 398 * DAY) break
        assert.ok(next > last && next >= start)
        assert.equal(nextOccurrence(recurrence, next - 1), next, 'an instant just before it finds the same')
        assert.ok(falls(wakes, next, zone), new Date(next).toISOString())
        last = next
      }
    }),
    { numRuns: 60 },
  )
})

test('a start between seconds wakes at the next one', () => {
  const start = Date.UTC(2026, 0, 1, 20, 0, 0, 400)
  const recurrence = { repeats: [], zone: 'Asia/Tokyo', start, startGiven: true, end: null }
  const wakes = { calendars: [], instants: [Date.UTC(2026, 0, 1, 20, 0, 1)] }
  assert.deepEqual(wakesOf(recurrence, Date.UTC(2026, 0, 1)), wakes)
})
