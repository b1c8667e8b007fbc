import { e164 } from '../../resources/contact.ts'
import type { SmsContent } from './content.ts'
import { NotSent, type Outgoing } from '../sender.ts'

/** Where an SMS goes: to the number its template names, else to the recipient's phone_number. Throws NotSent. */
export function phoneNumber({ content, recipient }: Outgoing<SmsContent>): string {
  const given = content.to ?? recipient.properties.phone_number
  if (given === undefined || given === null || given === '') throw new NotSent('the recipient has no phone_number')
  const digits = typeof given === 'string' ? e164(given) : undefined
  if (digits === undefined) throw new NotSent('phone_number must be in E.164 form, such as +14155552671')
  return digits
}
