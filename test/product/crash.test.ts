import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { Belay, bodies } from '../../testing/product/belay.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { productSettings } from '../../testing/product/product.ts'
import { gone, runScript, type Script } from '../../testing/servers/process.ts'
import { smtpReceiver, type ReceivedMail } from '../../testing/servers/smtp-receiver.ts'
import { delayStep, emailStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

const main = fileURLToPath(new URL('../../embedded/main.ts', import.meta.url))
const messageIdOf = ({ raw }: ReceivedMail) => /^Message-ID: <(\w+)@/im.exec(raw)![1]!

test('killed while some sleep and others are being sent to, and started again', async (t) => {
  // Three mailboxes answer at once. The others take the mail and leave the sender waiting, until the crash.
  const quick = ['p0@example.com', 'p1@example.com', 'p2@example.com']
  const mails: ReceivedMail[] = []
  let crashed = false
  const smtp = await smtpReceiver({
    onData(stream, { envelope }, done) {
      void text(stream).then((raw) => {
        const to = envelope.rcptTo.map(({ address }) => address)
        mails.push({ from: '', to, raw })
        if (crashed || quick.includes(to[0]!)) done()
      })
    },
  })
  t.after(() => smtp.close())
  const port = await freePort()
  const env = await productSettings(t, {
    notifications: notificationsFolder({
      'sleep/workflow.json': workflow(delayStep('wait', 10), feedStep('later')),
      'mail/workflow.json': workflow(emailStep('mail', { subject: 'Hello' })),
    }),
    env: { PORT: String(port), BELAY_EMAIL_FROM: 'belay@example.com', SMTP_URL: smtp.url, DATABASE_URL: '' },
  })
  const start = async (): Promise<Script> => {
    const script = runScript(main, [], env)
    t.after(async () => {
      script.kill('SIGKILL')
      await script.ended
    })
    await script.says('Belay is ready.')
    return script
  }
  const belay = new Belay(() => `http://127.0.0.1:${port}`, SECRET_KEY)
  const statusesOf = async (workflow_run_id: string) =>
    (await belay.messages({ workflow_run_id })).map(({ status }) => status)

  const first = await start()
  const temporal = Number(readFileSync(join(env['BELAY_DATA_DIR']!, 'temporal.db.pid'), 'utf8'))
  const recipients = Array.from({ length: 12 }, (_, n) => ({ id: `p${n}`, email: `p${n}@example.com` }))
  const { workflow_run_id: mailing } = await belay.trigger('mail', { recipients })
  const slept = { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'k' }
  const { workflow_run_id: sleeping } = await belay.trigger('sleep', slept)
  await belay.cancel('sleep', { cancelation_key: 'k', recipients: ['bob'] })
  await until('three sent, five on their way', async () => {
    const statuses = await statusesOf(mailing)
    return mails.length === 8 && statuses.filter((status) => status === 'sent').length === 3
  })
  first.kill('SIGKILL')
  await first.ended
  crashed = true
  await start()
  await gone(temporal)

  await t.test('each who slept gets their message once, and the canceled one none', async () => {
    await until('both served', async () => (await statusesOf(sleeping)).length === 2)
    assert.deepEqual(bodies(await belay.feed('ada')), ['later'])
    assert.deepEqual(bodies(await belay.feed('carl')), ['later'])
    assert.deepEqual(await belay.feed('bob'), [])
  })

  await t.test(
    'each e-mail goes out, a repeat has the Message-ID of the first, and the store says sent once',
    async () => {
      // The worker that died is missed when its leases have run out.
      const messages = await until(
        'all sent',
        async () => {
          const found = await belay.messages({ workflow_run_id: mailing })
          return found.length === 12 && found.every(({ status }) => status === 'sent') && found
        },
        240_000,
      )
      const idOf = new Map(messages.map(({ recipient, id }) => [recipient, id]))
      assert.equal(idOf.size, 12)
      const received = (n: number) => mails.filter(({ to }) => to[0] === `p${n}@example.com`).map(messageIdOf)
      const all = recipients.map((_, n) => received(n))
      for (const [n, ids] of all.entries()) assert.deepEqual([...new Set(ids)], [idOf.get(`p${n}`)])
      const counts = all.map((ids) => ids.length)
      assert.deepEqual(counts.slice(0, 3), [1, 1, 1], 'what was on record as sent is not sent again')
      assert.equal(counts.filter((count) => count === 2).length, 5, 'what was on its way is sent again')
      assert.equal(mails.length, 17)
      const runs = await belay.recipientRuns({ workflow_run_id: mailing })
      assert.ok(runs.every(({ status, error_count }) => status === 'completed' && error_count === 0))
    },
  )
})
