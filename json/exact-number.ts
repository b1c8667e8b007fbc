/** Up to so many characters without an exponent, a decimal comes back from a double as it was. */
const SURE_CHARACTERS = 15

/**
 * Whether a JSON number means the same once it has been read into a double and written again. `0.1` and `1.50` do;
 * `1234567890123456789` and `1e999` do not. Linear in the length of the literal.
 */
export function isExactNumber(literal: string): boolean {
  if (literal.length <= SURE_CHARACTERS && !/[eE]/.test(literal)) return true
  const value = Number(literal)
  return Number.isFinite(value) && normalForm(literal) === normalForm(String(value))
}

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** Sign, digits without zeros at either end, and the power of ten of the last of them. */
function normalForm(literal: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] = PARTS.exec(literal) ?? []
  const digits = whole + fraction
  let first = 0
  while (first < digits.length && digits[first] === '0') first += 1
  if (first === digits.length) return '0'
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return `${sign}${digits.slice(first, end)}e${Number(power) - fraction.length + digits.length - end}`
}
