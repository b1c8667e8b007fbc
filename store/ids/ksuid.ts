const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const EPOCH_S = 1_400_000_000
/** Three digits at a time: 62 ** 3, so that a rest and 32 bits more are a whole number of a double. */
const GROUP = 62 ** 3
const GROUPS = 9

/**
 * A KSUID: 27 base62 digits of 4 bytes of time, to the second, and 16 of payload, as four numbers of 32 bits. Divided in
 * plain numbers: one is made for each message, and a BigInt's digits cost ten times as much.
 */
export function ksuid(at: Date, payload: readonly [number, number, number, number]): string {
  const words = [(Math.floor(at.getTime() / 1_000) - EPOCH_S) >>> 0, ...payload]
  let id = ''
  for (let group = 0; group < GROUPS; group += 1) {
    let rest = 0
    for (let i = 0; i < words.length; i += 1) {
      const value = rest * 2 ** 32 + words[i]!
      const quotient = Math.floor(value / GROUP)
      rest = value - quotient * GROUP
      words[i] = quotient
    }
    id = DIGITS[Math.floor(rest / 62 ** 2)]! + DIGITS[Math.floor(rest / 62) % 62]! + DIGITS[rest % 62]! + id
  }
  return id
}

/** The last 8 bytes of such an id's payload; null if it cannot be one. */
export function endOfKsuid(id: string): bigint | null {
  if (!/^[0-9A-Za-z]{27}$/.test(id)) return null
  let number = 0n
  for (const digit of id) number = number * 62n + BigInt(DIGITS.indexOf(digit))
  return number & 0xffff_ffff_ffff_ffffn
}
