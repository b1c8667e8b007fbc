import { IANAZone } from 'luxon'
import { z } from 'zod'

// Narrower than the RFC: no quoted local part, no domain literal, nothing that could end an address and start another, and
// nothing that shows its letters in another order than they are.
const ADDRESS =
  /^[^\s\p{Cc}\p{Bidi_Control}@"<>()[\]\\,;:]{1,64}@[^\s\p{Cc}\p{Bidi_Control}@"'<>()[\]\\,;:.]+(\.[^\s\p{Cc}\p{Bidi_Control}@"'<>()[\]\\,;:.]+)*$/u

/** Whether mail can be sent to this text as it is. */
export function isEmailAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text)
}

/** The names of three letters that the IANA database has. Node knows more, and reads BST as the time of Dhaka. */
const SHORT_ZONES = new Set('CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '))

/** Whether this names a zone of the IANA database, such as Europe/Berlin. */
export function isTimeZone(text: string): boolean {
  if (text.length === 3) return SHORT_ZONES.has(text.toUpperCase())
  return /^[a-z]/i.test(text) && text.length <= 64 && IANAZone.isValidZone(text)
}

/** The digits of a phone number in E.164 form behind their +, without what people write between them; undefined for any other text. */
export function e164(text: string): string | undefined {
  const digits = text.replace(/[\s().-]/g, '')
  return /^\+[1-9]\d{6,14}$/.test(digits) ? digits : undefined
}

/** A text that is used later, when nobody is there to be told that it cannot be: checked here, without blanks around it. */
function usable(isValid: (text: string) => boolean, form: string) {
  return z
    .string()
    .trim()
    .refine(isValid, { message: `must be ${form}; null clears it`, params: { type: 'format' } })
    .nullable()
}

export const email = usable(isEmailAddress, 'one e-mail address, such as ada@example.com')
export const timeZone = usable(isTimeZone, 'an IANA time zone, such as Europe/Berlin')
export const phoneNumber = usable(
  (text) => e164(text) !== undefined,
  'a phone number in E.164 form, such as +14155552671',
)
