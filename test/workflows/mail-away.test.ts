import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import type { Context } from '../../api/http/route.ts'
import { createEmailSender } from '../../channels/email/smtp.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { query } from '../../store/postgres/database.ts'
import { emailStep, feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { onStore } from '../../testing/oracle/sequences-hold.ts'
import { SkippedTime } from '../../testing/oracle/skipped-time.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'
import { smtpReceiver } from '../../testing/servers/smtp-receiver.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const MINUTE = 60_000
/** By so much what is due may be late on a server whose clock also runs on. */
const LATE = 2 * MINUTE
const channel: Channel = {
  key: 'email',
  id: '9c1d2f0a-4d52-5d6e-8a43-0f7f4a0d7c11',
  type: 'email',
  name: 'Mail',
  provider: 'smtp',
  settings: {},
}
const catalog = await catalogOfFiles({
  order: { steps: [emailStep('mail', { subject: 'Your order' }), feedStep('feed')] },
})

interface StoredMessage {
  number: number
  ref: string
  status: string
  settledAt: number | null
}

async function messagesOf({ store: { db } }: Context, recipient: string): Promise<StoredMessage[]> {
  return query<StoredMessage>(
    db,
    sql`select number, step_ref as ref, status, (extract(epoch from settled_at) * 1000)::float8 as "settledAt"
        from messages where recipient = ${recipient} order by number`,
  )
}

test('while the mail server is away for an hour the feed is not held up, mail comes within its backoff, and a cancel takes it back', async (t) => {
  const receiver = await smtpReceiver()
  const proxy = await proxyTo(Number(new URL(receiver.url).port))
  const defaults = { SMTP_URL: `smtp://127.0.0.1:${proxy.port}`, BELAY_EMAIL_FROM: 'notify@acme.example' }
  const sender = createEmailSender(defaults, {})
  t.after(async () => {
    await sender.close()
    await proxy.close()
    await receiver.close()
  })
  const store = await testPglite()
  await onStore(catalog, store, async (context) => {
    const time = await SkippedTime.start(context, (message) => {
      const attempt = { signal: AbortSignal.timeout(sender.timeoutMs), onHandedOver: () => undefined }
      return sender.send({ ...message, content: message.content as EmailContent }, channel, attempt)
    })
    const someone = () => {
      const id = randomUUID()
      return { id, email: `${id}@example.com` }
    }
    const [early, taken, late] = [someone(), someone(), someone()]
    const statesOf = async ({ id }: { id: string }) =>
      (await messagesOf(context, id)).map(({ ref, status }) => `${ref} ${status}`)
    try {
      const away = await time.now()
      proxy.refuse()

      await time.trigger('order', early.id, early)
      await time.until(away + MINUTE)
      assert.deepEqual(await statesOf(early), ['mail queued', 'feed delivered'])

      // The eighth try was half an hour after the first.
      await time.until(away + 34 * MINUTE)
      assert.deepEqual(await statesOf(early), ['mail undelivered', 'feed delivered'])

      await time.until(away + 40 * MINUTE)
      await time.trigger('order', taken.id, taken)
      await time.trigger('order', late.id, late)
      await time.until(away + 45 * MINUTE)
      assert.deepEqual(await statesOf(taken), ['mail queued', 'feed delivered'])
      assert.deepEqual(await statesOf(late), ['mail queued', 'feed delivered'])
      const verdict = await time.cancel('order', taken.id)
      const [run] = verdict.recipients.flatMap(({ runs }) => runs)
      assert.equal(verdict.status, 'applied')
      assert.deepEqual([run!.outcome, run!.taken_back.length, run!.messages.length], ['canceled', 1, 1])
      assert.deepEqual(await statesOf(taken), ['mail not_sent', 'feed delivered'])

      await time.until(away + 60 * MINUTE)
      proxy.heal()
      assert.equal(receiver.mails.length, 0)
      await time.until(away + 60 * MINUTE + 16 * MINUTE)
      const [mail] = await messagesOf(context, late.id)
      assert.equal(mail!.status, 'sent')
      const due = away + 70 * MINUTE
      assert.ok(Math.abs(mail!.settledAt! - due) < LATE, `sent ${mail!.settledAt! - due} ms from its eighth try`)

      await time.until(away + 120 * MINUTE)
      assert.deepEqual(
        receiver.mails.map(({ to }) => to),
        [[late.email]],
      )
    } finally {
      await time.close()
    }
  })
})
