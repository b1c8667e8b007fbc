import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { test } from 'node:test'
import { nextSendInstant, sendWindowsField, type SendWindows } from '../../steps/channel/send-window.ts'

const BERLIN = 'Europe/Berlin'
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const everyDay = (window: object) => days.map((day) => ({ day, ...window }))
const office = days.map((day) =>
  day === 'saturday' || day === 'sunday'
    ? { day, type: 'do_not_send' }
    : { day, type: 'send', from: '09:00:00', until: '17:00:00' },
)
const read = (given: unknown): SendWindows => {
  const windows = sendWindowsField.parse(given)
  assert.ok(windows !== null)
  return windows
}
const next = (given: unknown, at: string, zone = BERLIN) =>
  DateTime.fromMillis(nextSendInstant(read(given), zone, Date.parse(at)), { zone }).toISO({
    suppressMilliseconds: true,
  })
const problems = (given: unknown) =>
  (sendWindowsField.safeParse(given).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

test('within a window a message goes at once, up to but not including its end', () => {
  assert.equal(next(office, '2030-01-03T10:00:00Z'), '2030-01-03T11:00:00+01:00')
  assert.equal(next(office, '2030-01-03T08:00:00Z'), '2030-01-03T09:00:00+01:00')
  assert.equal(next(office, '2030-01-03T15:59:59Z'), '2030-01-03T16:59:59+01:00')
  assert.equal(next(office, '2030-01-03T16:00:00Z'), '2030-01-04T09:00:00+01:00')
})

test('outside it waits for the next beginning, over days that do not send, by the clock of the zone', () => {
  assert.equal(next(office, '2030-01-03T05:00:00Z'), '2030-01-03T09:00:00+01:00')
  assert.equal(next(office, '2030-01-04T16:00:00Z'), '2030-01-07T09:00:00+01:00')
  assert.equal(next(office, '2030-01-04T23:00:00Z', 'America/New_York'), '2030-01-07T09:00:00-05:00')
  const sundays = days.map((day) => ({ day, type: day === 'sunday' ? 'send' : 'do_not_send' }))
  assert.equal(next(sundays, '2030-01-06T23:30:00Z'), '2030-01-13T00:00:00+01:00')
})

test('without from and until a window is the whole day', () => {
  for (const window of [{ type: 'send' }, { type: 'send', from: null, until: '' }, { type: 'send', until: '24:00' }])
    assert.equal(next(everyDay(window), '2030-01-03T22:59:59Z'), '2030-01-03T23:59:59+01:00')
})

test('a beginning that spring leaves out comes as soon as the clock is past it', () => {
  const early = everyDay({ type: 'send', from: '02:30', until: '05:00' })
  assert.equal(next(early, '2030-03-30T23:30:00Z'), '2030-03-31T03:00:00+02:00')
  const gone = everyDay({ type: 'send', from: '02:00', until: '03:00' })
  assert.equal(next(gone, '2030-03-30T23:30:00Z'), '2030-04-01T02:00:00+02:00')
  assert.equal(
    next(everyDay({ type: 'send' }), '2026-09-06T03:59:00Z', 'America/Santiago'),
    '2026-09-05T23:59:00-04:00',
  )
})

test('within the hour that autumn repeats a window is open both times', () => {
  const window = everyDay({ type: 'send', from: '02:30', until: '02:45' })
  assert.equal(next(window, '2030-10-27T00:00:00Z'), '2030-10-27T02:30:00+02:00')
  assert.equal(next(window, '2030-10-27T00:50:00Z'), '2030-10-27T02:30:00+01:00')
  assert.equal(next(window, '2030-10-27T02:00:00Z'), '2030-10-28T02:30:00+01:00')
  // Turned back into its middle, the clock opens it anew.
  const evening = everyDay({ type: 'send', from: '01:00', until: '02:10' })
  assert.equal(next(evening, '2030-10-27T00:30:00Z'), '2030-10-27T02:00:00+01:00')
})

test('absent, null and an empty list are no windows', () => {
  for (const none of [undefined, null, []]) assert.equal(sendWindowsField.parse(none), null)
})

test('windows that never allow a message, or leave a day open, are refused', () => {
  assert.match(problems(everyDay({ type: 'do_not_send' })).join(), /never allow a message/)
  assert.match(problems(everyDay({ type: 'send' }).slice(0, 5)).join(), /window for each day; sat, sun missing/)
  assert.match(
    problems([...everyDay({ type: 'send' }), { day: 'monday', type: 'send' }]).join(),
    /7\.day: stands twice/,
  )
  assert.match(
    problems([{ day: 'monday', type: 'send', from: '17:00', until: '09:00' }]).join(),
    /0\.until: must be later/,
  )
  assert.match(problems([{ day: 'monday', type: 'send', from: '9 am' }]).join(), /0\.from: must be a time of day/)
  assert.match(problems([{ day: 'monday', type: 'send', from: '09:00Z' }]).join(), /0\.from: must be a time of day/)
  assert.match(problems([{ day: 'someday', type: 'send' }]).join(), /0\.day: must be one of monday/)
  assert.match(problems([{ day: 'monday', type: 'perhaps' }]).join(), /0\.type: must be send or do_not_send/)
})

test('the next instant is not past, within a window, and nothing between was', () => {
  const quarter = fc.integer({ min: 0, max: 95 })
  const window = fc.option(fc.tuple(quarter, quarter).filter(([from, until]) => from < until))
  const given = fc
    .array(window, { minLength: 7, maxLength: 7 })
    .filter((windows) => windows.some((one) => one !== null))
    .map((windows): SendWindows =>
      windows.map((one) => (one === null ? null : { from: one[0] * 900_000, until: one[1] * 900_000 })),
    )
  const at = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2036-01-01') })
  const zones = fc.constantFrom(BERLIN, 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Santiago')
  const open = (windows: SendWindows, zone: string, instant: number) => {
    const local = DateTime.fromMillis(instant, { zone })
    const one = windows[local.weekday - 1]
    const time = ((local.hour * 60 + local.minute) * 60 + local.second) * 1000 + local.millisecond
    return !!one && time >= one.from && time < one.until
  }
  fc.assert(
    fc.property(given, zones, at, fc.double({ min: 0, max: 1, noNaN: true }), (windows, zone, instant, share) => {
      const found = nextSendInstant(windows, zone, instant)
      assert.ok(found >= instant)
      assert.ok(open(windows, zone, found))
      assert.equal(nextSendInstant(windows, zone, found), found)
      if (found > instant) assert.ok(!open(windows, zone, Math.floor(instant + (found - 1 - instant) * share)))
    }),
    { numRuns: 500 },
  )
})
