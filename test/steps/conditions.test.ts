import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engage } from '../../store/messages/engagement.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const DAY = 86_400_000
const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
const mail = { ref: 'email_1', type: 'channel', template: { subject: 'Hi', html_body: 'Hi' } }
const last = { ...feed, ref: 'feed_2' }
const wait = { ref: 'delay_1', type: 'delay', settings: { delay_for: { unit: 'days', value: 1 } } }
const where = (variable: string, operator: string, argument?: unknown) => ({
  conditions: { all: [{ variable, operator, argument }] },
})
const unseen = where('refs.feed_1.status', 'less_than', '$message.seen')

const catalog = await catalogOfFiles(
  {
    step: { steps: [{ ...mail, ...where('data.mail', 'equal_to', true) }, feed] },
    delay: { steps: [{ ...wait, ...where('vars.patience', 'equal_to', 'true') }, feed] },
    unseen: { steps: [feed, wait, { ...mail, ...unseen }] },
    at_once: { steps: [feed, { ...mail, ...where('refs.feed_1.delivery_status', 'equal_to', '$message.delivered') }] },
    skipped: {
      steps: [
        { ...mail, ...where('data.mail', 'exists') },
        wait,
        { ...last, ...where('refs.email_1.status', 'equal_to', '$message.skipped') },
      ],
    },
  },
  { 'vars.json': { patience: false } },
)

onEachStore(catalog, (store) => {
  test('a step whose conditions do not hold is skipped with how they came out, and the walk goes on', async () => {
    const walked = await startWalk(store(), catalog, 'step', { data: { mail: false } })
    assert.deepEqual(await walked.made(), ['feed_1'])
    const [[ref, event, data] = []] = await walked.events()
    assert.deepEqual([ref, event, data?.['reason']], ['email_1', 'step_skipped', 'conditions do not hold'])
    assert.match(JSON.stringify(data), /"result":false/)
    const passed = await startWalk(store(), catalog, 'step', { data: { mail: true } })
    assert.deepEqual(await passed.made(), ['email_1', 'feed_1'])
    const compared = { variable: 'data.mail', operator: 'equal_to', argument: 'true', compared_with: true }
    const conditions = { match: 'all', result: true, conditions: [{ ...compared, value: true, result: true }] }
    assert.deepEqual(await passed.events(), [['email_1', 'step_conditions_held', { conditions }]])
  })

  test('a delay whose conditions do not hold takes no time', async () => {
    const walked = await startWalk(store(), catalog, 'delay')
    assert.deepEqual(await walked.made(), ['feed_1'])
  })

  test('a mail follows an in-app message that was not seen, and none that was', async () => {
    const missed = await startWalk(store(), catalog, 'unseen')
    await missed.walk((await missed.row()).due!)
    assert.deepEqual(await missed.made(), ['feed_1', 'email_1'])

    const seen = await startWalk(store(), catalog, 'unseen')
    await engage(store(), [seen.messageId(0)], 'seen', { now: Date.now() })
    await seen.walk(Date.now() + 2 * DAY)
    assert.deepEqual(await seen.made(), ['feed_1'])
  })

  test('a message made in the same walk is known to the conditions after it', async () => {
    assert.deepEqual(await (await startWalk(store(), catalog, 'at_once')).made(), ['feed_1', 'email_1'])
  })

  test('that a step was skipped is remembered over a delay', async () => {
    const walked = await startWalk(store(), catalog, 'skipped')
    await walked.walk((await walked.row()).due!)
    assert.deepEqual(await walked.made(), ['feed_2'])
    const mailed = await startWalk(store(), catalog, 'skipped', { data: { mail: true } })
    await mailed.walk((await mailed.row()).due!)
    assert.deepEqual(await mailed.made(), ['email_1'])
  })
})
