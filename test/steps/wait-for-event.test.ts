import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { noOutbox } from '../../events/outbox.ts'
import { engage, engageInTransaction } from '../../store/messages/engagement.ts'
import { transaction } from '../../store/postgres/database.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { eventOffers, eventWaits, occurrences, type JsonObject } from '../../store/schema/index.ts'
import { enterWaits } from '../../store/waits/enter-waits.ts'
import { forgetEvents } from '../../store/waits/load-offers.ts'
import { recordOccurrences } from '../../store/waits/record-occurrences.ts'
import { offerChanges } from '../../store/waits/offer-events.ts'
import { cancel } from '../../testing/fixtures/recipient-runs.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { catalogOfFiles, startWalk, type Walked } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feed = (ref: string, body = 'Hi') => ({
  ref,
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: body },
})
const wait = (event: object, more: object = {}) => ({
  ref: 'wait_1',
  type: 'wait_for_event',
  settings: { event, expires_after: { unit: 'hours', value: 1 }, on_match: 'continue', on_timeout: 'halt', ...more },
})
const is = (variable: string, argument: string) => ({ variable, operator: 'equal_to', argument })
const match = (...conditions: object[]) => ({ match_conditions: [{ operator: 'and', conditions }] })
const paid = { event_type: 'event', event_key: 'paid' }
const ofOrder = match(is('event.order', 'data.order'))
const seen = (source: string) => ({
  event_type: 'message',
  event_key: 'seen',
  source_type: 'workflow',
  source_key: source,
})

const catalog = await catalogOfFiles({
  paid: { steps: [wait(paid, ofOrder), feed('thanks')] },
  liquid: { steps: [wait(paid, match(is('data.order', '{{ event.place }}-{{ event.number }}'))), feed('thanks')] },
  knock: {
    steps: [
      wait(
        paid,
        match(is('event.data.order', 'data.order'), is('event.order', 'data.order'), is('event.event', 'Order Paid')),
      ),
      feed('thanks', 'By {{ refs.wait_1.signal_variables.data.by }}, {{ refs.wait_1.signal_variables.by }}'),
    ],
  },
  named: { steps: [wait(paid, match(is('event.event', 'paid'), is('event.data', 'data.order'))), feed('thanks')] },
  aliases: {
    steps: [
      wait(
        { event_type: 'workflow', event_key: 'completed', source_key: 'other' },
        match(is('event.source.key', 'other'), is('event.event_type', 'workflow'), is('event.tenant_id', 'acme')),
      ),
      feed('after'),
    ],
  },
  object: {
    steps: [wait({ event_type: 'recipient', event_key: 'updated' }, match(is('event.id', 'engines'))), feed('o')],
  },
  patient: {
    steps: [
      wait(paid, { on_timeout: 'continue' }),
      { ref: 'delay_1', type: 'delay', settings: { delay_for: { unit: 'hours', value: 1 } } },
      feed('late'),
    ],
  },
  unpaid: { steps: [wait(paid, { ...ofOrder, on_match: 'halt', on_timeout: 'continue' }), feed('remind')] },
  back: { steps: [wait(paid, { ...ofOrder, look_back: { unit: 'minutes', value: 30 } }), feed('thanks')] },
  branches: {
    steps: [
      wait(paid, { on_timeout: 'continue' }),
      {
        ref: 'branch_1',
        type: 'branch',
        branches: [
          {
            name: 'Paid',
            conditions: { all: [is('refs.wait_1.signal_variables.by', 'card')] },
            steps: [feed('card', 'By {{ refs.wait_1.signal_variables.by }}')],
          },
          { name: 'Default', steps: [feed('other', 'Matched: {{ refs.wait_1.matched }}')] },
        ],
      },
    ],
  },
  seen: {
    steps: [
      feed('first'),
      wait(seen('seen'), { ...match(is('event.step_ref', 'first')), on_match: 'halt', on_timeout: 'continue' }),
      feed('again'),
    ],
  },
  ends: { steps: [wait({ event_type: 'workflow', event_key: 'completed', source_key: 'other' }), feed('after')] },
  other: { steps: [feed('other')] },
  optional: {
    steps: [
      feed('first'),
      {
        ...wait(paid, { on_match: 'halt', on_timeout: 'halt' }),
        conditions: { all: [is('data.order', 'waits')] },
      },
      feed('second'),
    ],
  },
  changed: {
    steps: [wait({ event_type: 'recipient', event_key: 'updated' }, match(is('recipient.plan', 'pro'))), feed('pro')],
  },
})
const said = async (walked: Walked) => {
  const [first] = await walked.messages()
  const { blocks } = first!.content as { blocks: { content: string }[] }
  return blocks[0]!.content
}
/** How long a test holds a lock, so that the other is sure to wait for it. */
const HELD_MS = 1_200
/** Each test has a day of its own: no event of another can count. */
let noon = Date.parse('2030-05-01T12:00:00Z')
beforeEach(() => (noon += 86_400_000))
const at = (minutes: number) => noon + minutes * 60_000

onEachStore(catalog, (store) => {
  const start = (key: string, order: string, recipient = 'ada', minutes = 0) =>
    startWalk(store(), catalog, key, { recipient, data: { order }, now: at(minutes) })
  const post = (minutes: number, data: JsonObject, recipients: string[] | null = null) => {
    const occurrence = {
      id: randomUUID(),
      kind: 'event' as const,
      name: 'paid',
      recipients,
      source: null,
      data,
      ofRow: null,
    }
    return transaction(store(), (tx) => recordOccurrences(tx, [occurrence], at(minutes)))
  }
  /** Connections for two transactions at once are there. */
  const ready = () => Promise.all([1, 2, 3].map(() => store().execute(sql`select pg_sleep(0.1)`)))
  const left = async () => {
    const [waits, offers] = await Promise.all([store().select().from(eventWaits), store().select().from(eventOffers)])
    return [waits.length, offers.length]
  }

  test('an event that matches wakes the run, which goes on at once; one that does not leaves it waiting', async () => {
    const order = randomUUID()
    const walked = await start('paid', order)
    assert.equal((await walked.row()).due, at(60))
    assert.equal((await post(10, { order: 'another' })).signals.length, 1)
    assert.equal((await walked.row()).due, at(10))
    await walked.walk(at(10))
    assert.deepEqual([(await walked.row()).due, await walked.made()], [at(60), []])
    await post(20, { order })
    await walked.walk(at(20))
    assert.deepEqual(await walked.made(), ['thanks'])
    const [[, , refused] = [], [ref, event, data] = []] = await walked.events()
    assert.deepEqual([refused?.['matched'], /"value":"another"/.test(JSON.stringify(refused))], [false, true])
    assert.deepEqual(
      [ref, event, data?.['matched'], data?.['at']],
      ['wait_1', 'step_decided', true, new Date(at(20)).toISOString()],
    )
    assert.deepEqual(await left(), [0, 0])
  })

  test('Liquid in the conditions of a match reads the event, as a path does', async () => {
    const order = randomUUID()
    const walked = await start('liquid', `${order}-7`)
    await post(10, { place: order, number: 8 })
    await walked.walk(at(10))
    assert.deepEqual(await walked.made(), [])
    await post(20, { place: order, number: 7 })
    await walked.walk(at(20))
    assert.deepEqual(await walked.made(), ['thanks'])
  })

  test('what an event of your own says stands under data, too, and its own fields go before the name', async () => {
    const order = randomUUID()
    const walked = await start('knock', order)
    await post(10, { order, event: 'Order Paid', by: 'card' })
    await walked.walk(at(10))
    assert.deepEqual(await walked.made(), ['thanks'])
    assert.equal(await said(walked), 'By card, card')
    const named = await start('named', order)
    await post(11, { data: order })
    await named.walk(at(11))
    assert.deepEqual(await named.made(), ['thanks'])
  })

  test('other events answer to the names that Knock has for them, and one of an object to its id', async () => {
    const recipient = randomUUID()
    const walked = await start('aliases', '', recipient)
    await startWalk(store(), catalog, 'other', { recipient, tenant: 'acme', now: at(3) })
    await walked.walk(at(3))
    assert.deepEqual(await walked.made(), ['after'])
    const object = await start('object', '', 'teams#engines')
    await transaction(store(), (tx) => offerChanges(tx, ['teams#engines'], at(4), noOutbox))
    await object.walk(at(4))
    assert.deepEqual(await object.made(), ['o'])
  })

  test('without an event the run ends at the timeout, or goes on, as the step says', async () => {
    const halted = await start('paid', randomUUID())
    await halted.walk(at(60))
    assert.deepEqual([(await halted.row()).status, await halted.made()], ['ended', []])
    assert.match(JSON.stringify(await halted.events()), /"matched":false.*no paid came in time: on_timeout is halt/)
    const goesOn = await start('unpaid', randomUUID())
    await goesOn.walk(at(60))
    assert.deepEqual(await goesOn.made(), ['remind'])
    assert.deepEqual(await left(), [0, 0])
  })

  test('a wait that halts either way keeps nobody who passes it over from what follows', async () => {
    const over = await start('optional', 'passes')
    assert.deepEqual(await over.made(), ['first', 'second'])
    const halted = await start('optional', 'waits')
    assert.equal((await halted.row()).due, at(60))
    await halted.walk(at(60))
    assert.deepEqual([(await halted.row()).status, await halted.made()], ['ended', ['first']])
  })

  test('of a match and the timeout at the same instant the match wins, and the record says so', async () => {
    const order = randomUUID()
    const walked = await start('unpaid', order)
    await post(60, { order })
    await walked.walk(at(60))
    assert.deepEqual(await walked.made(), [])
    assert.match(JSON.stringify(await walked.events()), /"matched":true.*matched paid: on_match is halt/)
    const late = await start('unpaid', order, 'ada', 100)
    await late.walk(at(160))
    assert.equal((await post(160, { order })).offered, 0)
    assert.deepEqual(await late.made(), ['remind'])
  })

  test('an event after the timeout does not match, though the walk comes to both later still', async () => {
    const order = randomUUID()
    const walked = await start('unpaid', order)
    await post(30, { order: 'another' })
    await post(61, { order })
    await walked.walk(at(62))
    assert.deepEqual(await walked.made(), ['remind'])
    assert.match(JSON.stringify(await walked.events()), /"matched":false/)
    assert.doesNotMatch(JSON.stringify(await walked.events()), /"matched":true/)
  })

  test('a walk that comes to the timeout while an event is recorded is refused, and walks again', async () => {
    for (let round = 0; round < 8; round += 1) {
      const order = randomUUID()
      const walked = await start('unpaid', order)
      await Promise.all([walked.walk(at(60)), post(60, { order })])
      if ((await walked.row()).status !== 'ended') await walked.walk(at(60))
      const matched = JSON.stringify(await walked.events()).includes('"matched":true')
      assert.deepEqual(await walked.made(), matched ? [] : ['remind'])
      assert.deepEqual(await left(), [0, 0])
    }
  })

  test('an event that meets a wait which is being left does not wake the delay after it', async () => {
    const walked = await start('patient', randomUUID())
    await ready()
    const locked = new AbortController()
    const leaving = transaction(store(), async (tx) => {
      await tx.execute(sql`select from recipient_runs where id = ${walked.id} for update`)
      locked.abort()
      await sleep(HELD_MS)
      await tx.execute(sql`delete from event_waits where recipient_run_id = ${walked.id}`)
      await tx.execute(
        sql`update recipient_runs set step = 1, due = ${new Date(at(120)).toISOString()}, revision = revision + 1
            where id = ${walked.id}`,
      )
    })
    await once(locked.signal, 'abort')
    assert.equal((await post(60, {})).offered, 0)
    await leaving
    assert.equal((await walked.row()).due, at(120))
    await walked.walk(at(61))
    assert.deepEqual(await walked.made(), [])
    assert.deepEqual(await left(), [0, 0])
  })

  test('a cancel, which locks rows and then messages, and a message seen wait for each other in no circle', async () => {
    const walked = await start('seen', '')
    await ready()
    const tries = { cancel: 0, seen: 0 }
    const locked = new AbortController()
    const canceling = transaction(store(), async (tx) => {
      tries.cancel += 1
      await tx.execute(sql`select from recipient_runs where id = ${walked.id} for update`)
      locked.abort()
      await sleep(HELD_MS)
      await tx.execute(sql`select from messages where recipient_run_id = ${walked.id} for update`)
    })
    await once(locked.signal, 'abort')
    await transaction(store(), async (tx) => {
      tries.seen += 1
      await engageInTransaction(tx, [walked.messageId(0)], 'seen', { now: at(2) }, noOutbox)
    })
    await canceling
    assert.deepEqual(tries, { cancel: 1, seen: 1 })
    assert.equal((await walked.row()).due, at(2))
  })

  test('who tells an event holds no subject while it waits for a row, whose holder may be about to wait for the same', async () => {
    const walked = await start('patient', randomUUID())
    await ready()
    const tries = { entering: 0, told: 0 }
    const locked = new AbortController()
    const entering = transaction(store(), async (tx) => {
      tries.entering += 1
      await tx.execute(sql`select from recipient_runs where id = ${walked.id} for update`)
      locked.abort()
      await sleep(HELD_MS)
      const wait = { kind: 'event', name: 'paid', source: null, recipient: 'ada', until: at(60), since: at(0) } as const
      await enterWaits(tx, [{ id: walked.id, wait }])
    })
    await once(locked.signal, 'abort')
    await transaction(store(), async (tx) => {
      tries.told += 1
      const paidOnce = { kind: 'event', name: 'paid', recipients: null, source: null, data: {}, ofRow: null } as const
      await recordOccurrences(tx, [{ id: randomUUID(), ...paidOnce }], at(3))
    })
    await entering
    assert.deepEqual(tries, { entering: 1, told: 1 })
    assert.equal((await walked.row()).due, at(3))
    await walked.walk(at(60))
  })

  test('an event before the wait counts only for a step that looks back, and no further back than it says', async () => {
    const order = randomUUID()
    await post(-20, { order })
    const walked = await start('paid', order)
    assert.equal((await walked.row()).due, at(60))
    const back = await start('back', order)
    await back.walk(at(0))
    assert.deepEqual(await back.made(), ['thanks'])
    assert.equal((await (await start('back', order, 'ada', 11)).row()).due, at(71))
  })

  test('an event behind hundreds of others counts, also for a walk that comes after the timeout', async () => {
    const order = randomUUID()
    const others = Array.from({ length: 250 }, () => ({ order: 'another' }))
    const kind = 'event' as const
    const told = (data: JsonObject) => {
      const recipients = ['xia', 'yan', 'zoe']
      return { id: randomUUID(), kind, name: 'paid', recipients, source: null, data, ofRow: null }
    }
    const tell = (minutes: number, all: JsonObject[]) =>
      transaction(store(), (tx) => recordOccurrences(tx, all.map(told), at(minutes)))
    const inTime = await start('back', order, 'xia')
    const late = await start('back', order, 'yan')
    const none = await start('unpaid', 'none', 'zoe')
    await tell(10, others)
    await tell(11, [{ order }])
    await tell(61, others)
    for (const [walked, minutes] of [
      [inTime, 20],
      [late, 90],
      [none, 90],
    ] as const) {
      for (let look = 0; look < 3; look += 1) {
        assert.deepEqual(await walked.made(), [], `after ${look} looks`)
        await walked.walk(at(minutes) + 2 * look)
      }
    }
    assert.deepEqual([await inTime.made(), await late.made()], [['thanks'], ['thanks']])
    assert.deepEqual(await none.made(), ['remind'], 'what came too late holds nobody up')
  })

  test('an event for some recipients wakes them alone', async () => {
    const order = randomUUID()
    const [ada, grace] = await Promise.all([start('paid', order, 'ada'), start('paid', order, 'grace')])
    await post(5, { order }, ['grace'])
    assert.deepEqual([(await ada.row()).due, (await grace.row()).due], [at(60), at(5)])
  })

  test('later steps see whether it matched, and what the event said', async () => {
    const recipient = randomUUID()
    const card = await start('branches', '', recipient)
    await post(1, { by: 'card' }, [recipient])
    await card.walk(at(1))
    assert.deepEqual(await card.made(), ['card'])
    assert.equal(await said(card), 'By card')
    const none = await start('branches', '', recipient, 2)
    await none.walk(at(62))
    assert.deepEqual(await none.made(), ['other'])
    assert.equal(await said(none), 'Matched: false')
  })

  test('a message that is seen ends the wait of its own run, and of no other', async () => {
    const recipient = randomUUID()
    const mine = await start('seen', '', recipient)
    const other = await start('seen', '', recipient)
    await engage(store(), [mine.messageId(0)], 'seen', { now: at(2) })
    assert.deepEqual([(await mine.row()).due, (await other.row()).due], [at(2), at(60)])
    await mine.walk(at(2))
    assert.deepEqual(await mine.made(), ['first'])
    await other.walk(at(60))
    assert.deepEqual(await other.made(), ['first', 'again'])
  })

  test('the end of another workflow’s run, and a change of the recipient, end waits for them', async () => {
    const recipient = randomUUID()
    const ends = await start('ends', '', recipient)
    await start('other', '', randomUUID(), 3)
    assert.equal((await ends.row()).due, at(60))
    await start('other', '', recipient, 3)
    await ends.walk(at(3))
    assert.deepEqual(await ends.made(), ['after'])

    const changed = await start('changed', '', recipient)
    const update = (plan: string, minutes: number) =>
      transaction(store(), async (tx) => {
        await offerChanges(tx, await upsertUsers(tx, [{ id: recipient, properties: { plan } }]), at(minutes), noOutbox)
      })
    await update('free', 4)
    await changed.walk(at(4))
    assert.deepEqual([await changed.made(), (await changed.row()).due], [[], at(60)])
    await update('pro', 5)
    await changed.walk(at(5))
    assert.deepEqual(await changed.made(), ['pro'])
  })

  test('a run that was canceled while it waited is not woken', async () => {
    const key = randomUUID()
    const walked = await startWalk(store(), catalog, 'paid', { now: noon, key, data: { order: key } })
    const { verdict } = await cancel(store(), catalog.definitions.get('paid')!, key)
    assert.equal(verdict.summary.canceled, 1)
    await post(1, { order: key })
    assert.equal((await walked.row()).status, 'canceled')
  })

  test('events and waits that nobody can need any more are forgotten', async () => {
    await post(0, {})
    await forgetEvents(store(), at(30 * 1_440))
    assert.deepEqual(await store().select().from(occurrences), [])
    assert.deepEqual(await left(), [0, 0])
  })
})

test('waits that cannot work are refused, each with its field', async () => {
  const refused = async (event: object, more: object = {}) => {
    const steps = [wait(event, more), feed('after')]
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps } }))
    return problems.map(({ step, field, message }) => `${step} ${field}: ${message}`).join('; ')
  }
  assert.match(
    await refused({ event_type: 'audience', event_key: 'enter' }),
    /event.event_type: audiences are not supported/,
  )
  assert.equal(await refused({ event_type: 'integration_source', event_key: 'x', integration_source_key: 'y' }), '')
  assert.match(await refused({ event_type: 'message', event_key: 'bounced' }), /event_key: must be one of seen/)
  assert.match(await refused({ event_type: 'workflow', event_key: 'completed' }), /source_key: is missing/)
  assert.match(await refused(paid, { expires_after: { unit: 'days', value: 366 } }), /expires_after: is more than 365/)
  assert.match(await refused(paid, { look_back: { unit: 'days', value: 8 } }), /look_back: is more than 7 days/)
  assert.match(
    await refused(seen('x'), { look_back: { unit: 'days', value: 1 } }),
    /look_back: is for events of your own/,
  )
  assert.match(await refused(paid, match(is('refs.gone.matched', 'true'))), /match_conditions/)
})
