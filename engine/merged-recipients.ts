import type { Database } from '../store/postgres/database.ts'
import { mergedInto } from '../store/profiles/merged-users.ts'
import type { TriggerRecipient } from './trigger-request.ts'

/** These recipients, where one was merged into another the other; what is described of them is stored of the other. */
export async function meantRecipients<Recipient extends TriggerRecipient>(
  db: Database,
  recipients: readonly Recipient[],
): Promise<Recipient[]> {
  const merged = await mergedInto(
    db,
    recipients.map(({ key }) => key),
  )
  if (merged.size === 0) return [...recipients]
  return recipients.map((recipient) => {
    const id = merged.get(recipient.key)
    if (id === undefined) return recipient
    return { ...recipient, key: id, ...(recipient.user !== undefined && { user: { ...recipient.user, id } }) }
  })
}

/** The keys of whom these keys mean, each once. */
export async function meantKeys(db: Database, keys: readonly string[]): Promise<string[]> {
  const merged = await mergedInto(db, keys)
  return merged.size === 0 ? [...keys] : [...new Set(keys.map((key) => merged.get(key) ?? key))]
}
