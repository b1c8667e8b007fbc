import { DateTime } from 'luxon'
import { z } from 'zod'
import { knownFields } from '../../json/known-fields.ts'
import { weekdayOf, weekdays } from '../delay/weekdays.ts'

/** When a day's messages may be sent, in milliseconds of the day; null: not at all. From Monday on. Plain JSON. */
export type SendWindows = ({ from: number; until: number } | null)[]

const DAY_MS = 86_400_000
const TIME = /^T?([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,9})?)?$/i

const timeOfDay = z
  .string()
  .nullish()
  .transform((text) => (text === '' || text === undefined ? null : text))
  .transform((text, issues): number | null => {
    if (text === null) return null
    const parts = TIME.exec(text)
    if (parts !== null) return ((Number(parts[1]) * 60 + Number(parts[2])) * 60 + Number(parts[3] ?? 0)) * 1000
    if (/^T?24:00(:00)?$/i.test(text)) return DAY_MS
    issues.addIssue({ code: 'custom', message: 'must be a time of day such as 09:00:00' })
    return z.NEVER
  })

const day = z.string().transform((name, issues) => {
  const known = weekdayOf(name)
  if (known !== undefined) return known
  issues.addIssue({ code: 'custom', message: 'must be one of monday to sunday' })
  return z.NEVER
})

const window = knownFields(
  {
    day,
    type: z.enum(['send', 'do_not_send'], { error: 'must be send or do_not_send' }),
    from: timeOfDay,
    until: timeOfDay,
  },
  'is not a field of a send window',
).superRefine(({ type, from, until }, issues) => {
  if (type === 'send' && (from ?? 0) >= (until ?? DAY_MS))
    issues.addIssue({
      code: 'custom',
      path: ['until'],
      message: 'must be later than from; a window ends with its day',
    })
})

/** The `send_windows` of a channel step: one for each day of the week. Absent, null and [] are none: null. */
export const sendWindowsField = z
  .array(window)
  .nullish()
  .transform((windows, issues): SendWindows | null => {
    if (windows === undefined || windows === null || windows.length === 0) return null
    const add = (path: (string | number)[], message: string) => issues.addIssue({ code: 'custom', path, message })
    windows.forEach(({ day: name }, index) => {
      if (windows.findIndex((other) => other.day === name) !== index) add([index, 'day'], `stands twice: ${name}`)
    })
    const missing = weekdays.filter((name) => !windows.some((given) => given.day === name))
    if (missing.length > 0) add([], `must have a window for each day; ${missing.join(', ')} missing`)
    else if (windows.every(({ type }) => type === 'do_not_send'))
      add([], 'never allow a message; let one day be of type send')
    return weekdays.map((name) => {
      const given = windows.find((candidate) => candidate.day === name)
      return given?.type === 'send' ? { from: given.from ?? 0, until: given.until ?? DAY_MS } : null
    })
  })

/**
 * The first instant from `at` on at which a message may be sent, in epoch milliseconds: `at` itself within a window, else
 * the next beginning of one by the zone's clock. A beginning that spring leaves out comes as soon as the clock is past
 * it; a window within the hour that autumn repeats is open both times.
 */
export function nextSendInstant(windows: SendWindows, zone: string, at: number): number {
  const wait = waits.get(windows)?.get(zone)
  if (wait !== undefined && at >= wait.from && at < wait.until) return wait.until
  if (isOpen(windows, zone, at)) return at
  const until = nextBeginning(windows, zone, at)
  const ofZones = waits.get(windows) ?? new Map<string, { from: number; until: number }>()
  waits.set(windows, ofZones.set(zone, { from: at, until }))
  return until
}

/** The last wait found, by windows and zone: within it the answer is the same, and a broadcast asks it very often. */
const waits = new WeakMap<SendWindows, Map<string, { from: number; until: number }>>()

function nextBeginning(windows: SendWindows, zone: string, at: number): number {
  const today = DateTime.fromMillis(at, { zone }).startOf('day')
  // Two weeks: a window may fall into an hour that a week's spring leaves out.
  for (let days = 0; days <= 14; days += 1) {
    const date = today.plus({ days })
    const begins = windows[date.weekday - 1]
    if (!begins) continue
    const found = beginnings(date, begins.from).find((start) => start > at && isOpen(windows, zone, start))
    if (found !== undefined) return found
  }
  throw new RangeError('these send windows never allow a message')
}

function isOpen(windows: SendWindows, zone: string, at: number): boolean {
  const local = DateTime.fromMillis(at, { zone })
  const window = windows[local.weekday - 1]
  if (!window) return false
  const time = ((local.hour * 60 + local.minute) * 60 + local.second) * 1000 + local.millisecond
  return time >= window.from && time < window.until
}

/** The instants at which a window of the day may begin: its time, twice in autumn, and the change of the clock itself. */
function beginnings(date: DateTime, time: number): number[] {
  const [hour, minute, second] = [Math.floor(time / 3_600_000), Math.floor(time / 60_000) % 60, (time / 1000) % 60]
  const local = date.set({ hour, minute, second, millisecond: 0 })
  const exact = local.hour === hour && local.minute === minute
  const found = exact ? local.getPossibleOffsets().map((possible) => possible.toMillis()) : []
  return [...found, ...changeOf(date)].sort((a, b) => a - b)
}

/** The instant of the day at which the zone's offset changes, if there is one. */
function changeOf(date: DateTime): number[] {
  const offsetAt = (at: number) => DateTime.fromMillis(at, { zone: date.zone }).offset
  let [low, high] = [date.toMillis() - 1, date.plus({ days: 1 }).toMillis()]
  const offset = offsetAt(high)
  if (offsetAt(low) === offset) return []
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle) === offset) high = middle
    else low = middle
  }
  return [high]
}
