import type { SmsContent } from './content.ts'
import { NotSent, type Outgoing } from '../sender.ts'

/** Where an SMS goes: to the number its template names, else to the recipient's phone_number. Throws NotSent. */
export function phoneNumber({ content, recipient }: Outgoing<SmsContent>): string {
  const given = content.to ?? recipient.properties.phone_number
  if (given === undefined || given === null || given === '') throw new NotSent('the recipient has no phone_number')
  const digits = typeof given === 'string' ? given.replace(/[\s().-]/g, '') : ''
  if (!/^\+[1-9]\d{6,14}$/.test(digits)) throw new NotSent('phone_number must be in E.164 form, such as +14155552671')
  return digits
}
