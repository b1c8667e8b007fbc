import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { givenFolder, withGivenFiles } from '../../testing/fixtures/given-files.ts'
import { holdsLife, type Life } from '../../testing/fixtures/lives.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const ada = { id: 'ada', name: 'Ada Lovelace' }
const bob = { id: 'bob', name: 'Bob Stone' }
const cy = { id: 'cy', name: 'Cy Young' }
const comment = { page_id: 'p1', page_name: 'Notes', comment_body: 'Nice' }
const alert = (more: object) => ({ event: 'event', alert: { events: ['event'], channels: ['email'], ...more } })

/** Knock's published workflows, each way that they can go. Written from their files. */
const lives: Record<string, Life[]> = {
  'alert-digest': [
    {
      data: { digest_key: 'd1', digest: { period: 'daily' } },
      again: { '1h': {} },
      timeline: `
        0   T
        0   batch_1        opens until 1d
        1h  trigger        joined
        1h  batch_1        joins
        1d  batch_1        closes with 2
        1d  email_1        email: Your daily alert digest
        1d  in_app_feed_1  in-app: **2** alerts in your daily digest. Review the summary to catch up on what you missed.
        1d  C
        1d  end            goes on in the batch
        1d  S`,
    },
  ],
  alerts: [
    {
      data: alert({ channels: ['email', 'in-app', 'sms'], batchWindow: null }),
      timeline: `
        0  T
        0  branch_1       takes Send Immediately
        0  email_1        email: New alert for event event
        0  in_app_feed_1  in-app: A new alert was triggered for the event event at 2026-01-05T09:00:00.000Z.
        0  sms_1          sms: A new alert was triggered for the event event at 2026-01-05T09:00:00.000Z.
        0  C
        0  S
        0  sms_1          not sent: channel sms has no provider…`,
    },
    {
      data: alert({ batchWindow: null }),
      timeline: `
        0  T
        0  branch_1       takes Send Immediately
        0  email_1        email: New alert for event event
        0  in_app_feed_1  skipped: conditions do not hold
        0  sms_1          skipped: conditions do not hold
        0  C
        0  S`,
    },
    {
      // Its channels are those of the first activity.
      data: alert({ batchWindow: { unit: 'days', value: 1 } }),
      again: { '2h': { data: alert({ channels: ['sms'], batchWindow: { unit: 'days', value: 1 } }) } },
      timeline: `
        0   T
        0   branch_1       takes Daily or Weekly
        0   batch_1        opens until 1d
        2h  trigger        joined
        2h  branch_1       takes Daily or Weekly
        2h  batch_1        joins
        1d  batch_1        closes with 2
        1d  email_2        email: 2 new alerts were trigged
        1d  in_app_feed_2  skipped: conditions do not hold
        1d  sms_2          skipped: conditions do not hold
        1d  C
        1d  end            goes on in the batch
        1d  email_2        sent to grace@example.com`,
    },
    {
      // Its key is the field `event`: each event has a batch of its own.
      data: { ...alert({ batchWindow: { unit: 'days', value: 1 } }), event: 'disk full' },
      again: { '2h': { data: { event: 'cpu hot' } }, '3h': {} },
      timeline: `
        0    T
        0    branch_1       takes Daily or Weekly
        0    batch_1        opens until 1d
        2h   trigger        joined
        2h   branch_1       takes Daily or Weekly
        2h   batch_1        opens until 1d2h
        3h   trigger        joined
        3h   branch_1       takes Daily or Weekly
        3h   batch_1        joins
        1d   batch_1        closes with 2
        1d   email_2        email: 2 new alerts were trigged
        1d   in_app_feed_2  skipped: conditions do not hold
        1d   sms_2          skipped: conditions do not hold
        1d   C
        1d   end            goes on in the batch
        1d   email_2        sent to grace@example.com
        1d2h  batch_1       closes with 1
        1d2h email_2        email: 1 new alert was trigged
        1d2h in_app_feed_2  skipped: conditions do not hold
        1d2h sms_2          skipped: conditions do not hold
        1d2h C
        1d2h email_2        sent to grace@example.com`,
    },
    {
      data: alert({ events: ['other'] }),
      cancelAt: null,
      timeline: `
        0  T
        0  end  does not begin: conditions of the workflow do not hold`,
    },
  ],
  comments: [
    {
      data: comment,
      trigger: { actor: ada },
      timeline: `
        0      T
        0      batch_1        opens until 15m
        15m    batch_1        closes with 1
        15m    in_app_feed_1  in-app: **Ada Lovelace** left a comment on **Notes**. > Nice
        15m    delay_1        waits until 1h15m
        1h15m  email_1        email: New activity on Notes
        1h15m  push_1         push: New activity on Notes: Ada Lovelace left a comment: "Nice"
        1h15m  C
        1h15m  S
        1h15m  push_1         not sent: …`,
    },
    {
      // The feed has been seen by then.
      data: comment,
      trigger: { actor: ada },
      again: { '5m': { actor: ada } },
      seen: '30m',
      timeline: `
        0      T
        0      batch_1        opens until 15m
        5m     trigger        joined
        5m     batch_1        joins
        15m    batch_1        closes with 2
        15m    in_app_feed_1  in-app: **Ada Lovelace** left 2 comments on Notes
        15m    delay_1        waits until 1h15m
        15m    end            goes on in the batch
        30m    seen           in_app_feed_1
        1h15m  email_1        skipped: conditions do not hold
        1h15m  push_1         skipped: conditions do not hold
        1h15m  C`,
    },
    {
      data: comment,
      trigger: { actor: ada },
      again: { '5m': { actor: bob }, '10m': { actor: cy } },
      cancelAt: '1h',
      timeline: `
        0      T
        0      batch_1        opens until 15m
        5m     trigger        joined
        5m     batch_1        joins
        10m    trigger        joined
        10m    batch_1        joins
        15m    batch_1        closes with 3
        15m    in_app_feed_1  in-app: Ada Lovelace, Bob Stone, and 1 others commented on your page.
        15m    delay_1        waits until 1h15m
        15m    end            goes on in the batch
        15m    end            goes on in the batch
        1h15m  email_1        email: New activity on Notes
        1h15m  push_1         push: New activity on Notes: Ada Lovelace, Bob Stone, and 1 others commented on Notes.
        1h15m  C
        1h15m  S
        1h15m  push_1         not sent: …`,
    },
  ],
  'first-milestone': [
    {
      data: { milestone: { name: 'First', url: 'https://x.example' } },
      timeline: `
        0   T
        0   in_app_feed_1  in-app: **Congratulations!** You just completed **First** 🎉…
        0   delay_1        waits until 8h
        8h  email_1        email: You hit a milestone: First 🎉
        8h  C
        8h  S`,
    },
    {
      data: { milestone: { name: 'First', url: 'https://x.example' } },
      seen: '6h',
      timeline: `
        0   T
        0   in_app_feed_1  in-app: **Congratulations!** You just completed **First** 🎉…
        0   delay_1        waits until 8h
        6h  seen           in_app_feed_1
        8h  email_1        skipped: conditions do not hold
        8h  C`,
    },
  ],
  'invite-with-reminder': [
    {
      data: { account_name: 'Engines', invite_message: 'Join us', invite_token: 'abc' },
      trigger: { actor: ada },
      timeline: `
        0   T
        0   email_1  email: Ada invited you to join Engines on Knock
        0   delay_1  waits until 3d
        0   S
        3d  email_2  email: Reminder: You've been invited to join Engines on Knock
        3d  C
        3d  email_2  sent to grace@example.com`,
    },
  ],
  'magic-link': [
    {
      data: { magic_link_url: 'https://x.example/in' },
      timeline: `
        0  T
        0  email_1  email: Log in to Knock
        0  C
        0  S`,
    },
  ],
  mentions: [
    {
      data: { page_id: 'p1', page_name: 'Notes', mention_body: 'Look' },
      trigger: { actor: ada },
      timeline: `
        0  T
        0  in_app_feed_1  in-app: **Ada Lovelace** mentioned you on **Notes**. > Look
        0  email_1        email: Ada Lovelace mentioned you on Notes
        0  push_1         push: New mention on Notes: Ada Lovelace mentioned you on Notes "Look"
        0  C
        0  S
        0  push_1         not sent: …`,
    },
  ],
  'onboarding-incomplete-reminder': [
    {
      data: { onboarding_step: 'Profile', onboarding_url: 'https://x.example/start' },
      timeline: `
        0   T
        0   in_app_feed_1  in-app: You're almost there! Complete **Profile** to finish setting up your Knock account.
        0   delay_1        waits until 1d
        1d  email_1        email: Finish setting up your Knock account
        1d  C
        1d  S`,
    },
  ],
  'trial-ending': [
    {
      data: { plan_name: 'Pro', trial_end_date: 'May 1', upgrade_url: 'https://x.example/up' },
      cancelAt: '5d',
      timeline: `
        0   T
        0   email_1  email: Your Knock trial ends in 7 days
        0   delay_1  waits until 4d
        0   S
        4d  email_2  email: Your Knock trial ends in 3 days
        4d  delay_2  waits until 6d
        4d  email_2  sent to grace@example.com
        6d  email_3  email: Last day of your Knock trial
        6d  C
        6d  email_3  sent to grace@example.com`,
    },
  ],
  'welcome-messages': [
    {
      timeline: `
        0  T
        0  in_app_feed_1  in-app: Welcome to Knock 🎉 You can get started by **reading our documentation**…
        0  email_1        email: Welcome to Knock! 🎉
        0  C
        0  S`,
    },
  ],
}

test('each of Knock’s workflows lives as its file says, and ends where it is canceled', withGivenFiles, async (t) => {
  const { folder, templates } = givenFolder({ 'vars.json': { app_url: 'https://app.example' } })
  assert.deepEqual(Object.keys(lives).sort(), templates)
  const catalog = await readFolder(folder)
  const store = await testPglite()
  await store.migrate()
  t.after(() => store.close())
  for (const [key, all] of Object.entries(lives))
    for (const [index, life] of all.entries())
      await t.test(`${key}, ${index + 1}`, () => holdsLife(store, catalog, key, life))
})
