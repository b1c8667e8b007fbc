/** The days of a week as cron and Knock's window rules name them, from Monday on. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

/** `mon`, `Monday`: the day a name stands for. */
export function weekdayOf(name: unknown): Weekday | undefined {
  if (typeof name !== 'string') return undefined
  const lower = name.trim().toLowerCase()
  return weekdays.find((day) => day === lower || longNames[day] === lower)
}

const longNames: Record<Weekday, string> = {
  mon: 'monday',
  tue: 'tuesday',
  wed: 'wednesday',
  thu: 'thursday',
  fri: 'friday',
  sat: 'saturday',
  sun: 'sunday',
}
