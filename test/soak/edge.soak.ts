import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Outcome, Verdict } from '../../store/recipient-runs/verdict.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { startProcesses } from '../../testing/servers/processes.ts'
import { feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

const ROUNDS = 20
const RECIPIENTS = 100
/** Between the instants of two rounds. */
const APART_MS = 3_000
const AHEAD_MS = 4_000
/** A send follows its instant by a tenth of a second: from 50 ms before, less than a tenth of the cancels may come in time. */
const FROM_MS = -150
const TO_MS = 1_500
/** How long the provider takes. */
const PROVIDER_MS = 20
const CLOCKS_MS = 5
const OPEN = ['queued', 'processing', 'paused']

/** What a caller was told, and when. */
interface Told {
  recipient: string
  verdict: Verdict
  at: number
}

test(`${ROUNDS * RECIPIENTS} cancels around the instant: none contradicts what was delivered`, async (t) => {
  /** By recipient. */
  const delivered = new Map<string, number[]>()
  const receiver = await httpReceiver((response, { body }) => {
    delivered.set(body, [...(delivered.get(body) ?? []), Date.now()])
    setTimeout(() => response.end(), PROVIDER_MS)
  })
  t.after(() => receiver.close())
  const sleep = { ref: 'sleep', type: 'delay', settings: { delay_until_field_path: 'data.at' } }
  const notifications = notificationsFolder({
    'feed/workflow.json': workflow(sleep, feedStep('notice')),
    'hook/workflow.json': workflow(sleep, httpStep('notice', receiver.url, '{{ recipient.id }}')),
  })
  const { belay } = await startProcesses(t, notifications)

  const told: Told[] = []
  const round = async (n: number) => {
    const definition = n % 2 === 0 ? 'feed' : 'hook'
    const at = Date.now() + AHEAD_MS
    const recipients = Array.from({ length: RECIPIENTS }, (_, i) => `user-${n}-${i}`)
    const request = { recipients, cancelation_key: `round-${n}`, data: { at: new Date(at).toISOString() } }
    await belay.trigger(definition, request)
    await Promise.all(
      recipients.map(async (recipient, i) => {
        // Not in the order of the rows.
        const share = ((i * 37) % RECIPIENTS) / (RECIPIENTS - 1)
        await wait(at + FROM_MS + share * (TO_MS - FROM_MS) - Date.now())
        const verdict = await belay.cancel(definition, { cancelation_key: `round-${n}`, recipients: [recipient] })
        told.push({ recipient, verdict, at: Date.now() })
      }),
    )
  }
  const rounds: Promise<void>[] = []
  for (let n = 0; n < ROUNDS; n += 1) {
    rounds.push(round(n))
    await wait(APART_MS)
  }
  await Promise.all(rounds)
  await until('nobody pending', async () => {
    const open = await Promise.all(OPEN.map((status) => belay.recipientRuns({ status })))
    return open.flat().length === 0
  })
  for (const message of await belay.messages({ workflow: 'feed' })) {
    delivered.set(message.recipient as string, [Date.parse(message.inserted_at)])
  }

  const share: Partial<Record<Outcome, number>> = {}
  const contradictions: string[] = []
  for (const { recipient, verdict, at } of told) {
    const { outcome } = verdict.recipients[0]!
    share[outcome] = (share[outcome] ?? 0) + 1
    const times = delivered.get(recipient) ?? []
    const isTrue =
      outcome === 'canceled'
        ? times.length === 0
        : outcome === 'already_sent'
          ? times.length === 1 && times[0]! <= at + CLOCKS_MS
          : outcome === 'sending' && times.length <= 1
    if (!isTrue) contradictions.push(`${recipient} told ${outcome} at ${at}, delivered at ${times.join()}`)
  }
  t.diagnostic(`outcomes of ${told.length}: ${JSON.stringify(share)}, contradictions: ${contradictions.length}`)
  assert.deepEqual(contradictions, [])
  assert.equal(told.length, ROUNDS * RECIPIENTS)
  for (const outcome of ['canceled', 'already_sent'] as const) {
    assert.ok((share[outcome] ?? 0) >= told.length / 10, `${outcome} is less than a tenth: the edge was missed`)
  }
})
