import type { DateTime } from 'luxon'

const DIRECTIVE = /%([-_0^#:]{0,4})(\d{0,3})([a-zA-Z%+])/g

/** Directives whose padding is blanks unless a flag says otherwise. */
const blanks = 'eklP'
const widths: Record<string, number> = {
  d: 2,
  e: 2,
  H: 2,
  I: 2,
  j: 3,
  k: 2,
  l: 2,
  L: 3,
  m: 2,
  M: 2,
  N: 9,
  S: 2,
  U: 2,
  V: 2,
  W: 2,
  y: 2,
  C: 2,
  g: 2,
}

/**
 * An instant as C's and Ruby's strftime write it, in English. Flags: `-` no padding, `_` blanks, `0` zeros, `^` upper
 * case, `#` the other case, `:` a colon in %z. A directive that is none stays as it is.
 */
export function strftime(at: DateTime, format: string): string {
  return format.replace(DIRECTIVE, (whole, flags: string, width: string, name: string) => {
    const plain = directive(at, name, flags, width)
    if (plain === null) return whole
    const cased = flags.includes('^') ? plain.toUpperCase() : flags.includes('#') ? otherCase(plain) : plain
    if (flags.includes('-') || name === 'L' || name === 'N') return cased
    const length = width === '' ? (widths[name] ?? 0) : Number(width)
    const zeros = flags.includes('0') || (!flags.includes('_') && name in widths && !blanks.includes(name))
    return cased.padStart(length, zeros ? '0' : ' ')
  })
}

function otherCase(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase()
}

function directive(at: DateTime, name: string, flags: string, width: string): string | null {
  const english = at.setLocale('en-US')
  switch (name) {
    case 'a':
      return english.toFormat('ccc')
    case 'A':
      return english.toFormat('cccc')
    case 'b':
    case 'h':
      return english.toFormat('LLL')
    case 'B':
      return english.toFormat('LLLL')
    case 'c':
      return strftime(at, '%a %b %e %T %Y')
    case 'C':
      return String(Math.floor(at.year / 100))
    case 'd':
    case 'e':
      return String(at.day)
    case 'D':
    case 'x':
      return strftime(at, '%m/%d/%y')
    case 'F':
      return strftime(at, '%Y-%m-%d')
    case 'g':
      return String(at.weekYear % 100)
    case 'G':
      return String(at.weekYear)
    case 'H':
    case 'k':
      return String(at.hour)
    case 'I':
    case 'l':
      return String(at.hour % 12 || 12)
    case 'j':
      return String(at.ordinal)
    case 'L':
      return String(at.millisecond).padStart(3, '0')
    case 'm':
      return String(at.month)
    case 'M':
      return String(at.minute)
    case 'n':
      return '\n'
    case 'N':
      return String(at.millisecond)
        .padStart(3, '0')
        .padEnd(Number(width) || 9, '0')
        .slice(0, Number(width) || 9)
    case 'p':
      return at.hour < 12 ? 'AM' : 'PM'
    case 'P':
      return at.hour < 12 ? 'am' : 'pm'
    case 'q':
      return ordinal(at.day)
    case 'r':
      return strftime(at, '%I:%M:%S %p')
    case 'R':
      return strftime(at, '%H:%M')
    case 's':
      return String(Math.floor(at.toSeconds()))
    case 'S':
      return String(at.second)
    case 't':
      return '\t'
    case 'T':
    case 'X':
      return strftime(at, '%H:%M:%S')
    case 'u':
      return String(at.weekday)
    case 'U':
      return String(Math.floor((at.ordinal + 6 - (at.weekday % 7)) / 7))
    case 'v':
      return strftime(at, '%e-%^b-%Y')
    case 'V':
      return String(at.weekNumber)
    case 'w':
      return String(at.weekday % 7)
    case 'W':
      return String(Math.floor((at.ordinal + 6 - ((at.weekday + 6) % 7)) / 7))
    case 'y':
      return String(at.year % 100)
    case 'Y':
      return String(at.year)
    case 'z':
      return at.toFormat(flags.includes(':') ? 'ZZ' : 'ZZZ')
    case 'Z':
      return zoneName(at)
    case '+':
      return strftime(at, '%a %b %e %H:%M:%S %Z %Y')
    case '%':
      return '%'
    default:
      return null
  }
}

/** Englishes that abbreviate zones of their own part of the world. */
const ENGLISHES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'en-NG']

/** `EST`, `CET`: as an English abbreviates the zone at that instant; `GMT-3` where none does. */
function zoneName(at: DateTime): string {
  for (const locale of ENGLISHES) {
    const name = at.setLocale(locale).offsetNameShort
    if (name !== null && !/^GMT[-+]/.test(name)) return name
  }
  return at.setLocale('en-US').offsetNameShort ?? at.toFormat('ZZ')
}

function ordinal(day: number): string {
  if (day % 100 >= 11 && day % 100 <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}
