const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const EPOCH_S = 1_400_000_000
const LENGTH = 27

/** A KSUID: 27 base62 digits of 4 bytes of time, to the second, and 16 of payload. */
export function ksuid(at: Date, payload: DataView): string {
  const seconds = Math.floor(at.getTime() / 1_000) - EPOCH_S
  let number = (BigInt(seconds >>> 0) << 128n) | (payload.getBigUint64(0) << 64n) | payload.getBigUint64(8)
  let id = ''
  for (let i = 0; i < LENGTH; i += 1) {
    id = DIGITS[Number(number % 62n)]! + id
    number /= 62n
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
