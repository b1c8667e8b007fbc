const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** A duration as a timeline shows it: `2d`, `1h30m`, `0`. */
export function offsetText(ms: number): string {
  let left = Math.abs(ms)
  let text = ms < 0 ? '-' : ''
  for (const [unit, length] of units) {
    const count = Math.floor(left / length)
    if (count > 0) text += `${count}${unit}`
    left -= count * length
  }
  return text === '' ? '0' : text
}

/** Reads `2d`, `1h30m`, `90s`; milliseconds. Throws where it is none. */
export function readOffset(text: string): number {
  const wrong = new Error(`${JSON.stringify(text)} is no offset: write it as 2d, 1h30m or 90s`)
  if (text === '0') return 0
  const parts = /^(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,9})s)?$/.exec(text)
  if (text === '' || parts === null) throw wrong
  return units.slice(0, 4).reduce((sum, [, length], index) => sum + Number(parts[index + 1] ?? 0) * length, 0)
}
