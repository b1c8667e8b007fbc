import { IANAZone } from 'luxon'
import { z } from 'zod'

// Narrower than the RFC: no quoted local part, no domain literal, nothing that could end an address and start another.
const ADDRESS = /^[^\s\p{Cc}@"<>()[\]\\,;:]{1,64}@[^\s\p{Cc}@"'<>()[\]\\,;:.]+(\.[^\s\p{Cc}@"'<>()[\]\\,;:.]+)*$/u

/** Whether mail can be sent to this text as it is. */
export function isEmailAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text)
}

/** Whether this names a zone of the IANA database, such as Europe/Berlin. */
export function isTimeZone(text: string): boolean {
  return /^[a-z]/i.test(text) && text.length <= 64 && IANAZone.isValidZone(text)
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
