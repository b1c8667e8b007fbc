import assert from 'node:assert/strict'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderStep } from '../../channels/render-step.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

/** Knock's own example workflows, unchanged. */
const templates = '../shared/knock-templates'
const options = { skip: existsSync(templates) ? false : `${templates} is not there` }

const supported = [
  'alert-digest',
  'alerts',
  'comments',
  'first-milestone',
  'invite-with-reminder',
  'magic-link',
  'mentions',
  'onboarding-incomplete-reminder',
  'trial-ending',
  'welcome-messages',
]

test("Knock's templates load and render as they are", options, async () => {
  const folder = temporaryFolder()
  for (const key of supported) cpSync(join(templates, key), join(folder, key), { recursive: true })
  const { definitions } = await readCatalog(folder)
  assert.deepEqual([...definitions.keys()], supported)

  const steps = (key: string) => definitions.get(key)!.definition.steps
  const refs = (key: string) => steps(key).map((step) => step.ref)
  assert.deepEqual(refs('onboarding-incomplete-reminder'), ['in_app_feed_1', 'delay_1', 'email_1'])
  assert.deepEqual(refs('trial-ending'), ['email_1', 'delay_1', 'email_2', 'delay_2', 'email_3'])

  const scope = testScope({
    recipient: { id: 'u1', properties: { name: 'Grace' } },
    actor: { id: 'u2', properties: { name: 'Ada Lovelace' } },
    data: {
      account_name: 'Engines & Co',
      invite_message: 'Join us',
      invite_token: 'abc',
      invite_token_url: 'https://example.com/invites/abc',
      magic_link_url: 'https://example.com/in?a=1&b=2',
      onboarding_step: 'Profile',
      onboarding_url: 'https://example.com/start',
      plan_name: 'Pro',
      trial_end_date: 'May 1',
      upgrade_url: 'https://example.com/upgrade',
    },
  })
  const rendered = (key: string, ref: string) => {
    const step = steps(key).find((each): each is ChannelStep => each.ref === ref && each.type === 'channel')!
    return JSON.stringify(renderStep(step, scope))
  }
  for (const key of supported) {
    for (const step of steps(key)) if (step.type === 'channel') assert.doesNotMatch(rendered(key, step.ref), /\{\{|\{%/)
  }
  assert.match(
    rendered('onboarding-incomplete-reminder', 'in_app_feed_1'),
    /Complete <strong>Profile<\/strong> to finish/,
  )
  assert.match(rendered('invite-with-reminder', 'email_1'), /"Ada invited you to join Engines & Co on Knock"/)
  assert.match(rendered('invite-with-reminder', 'email_1'), /<blockquote[^>]*>\\n<p[^>]*>Join us<\/p>/)
  assert.match(rendered('magic-link', 'email_1'), /href=\\"https:\/\/example\.com\/in\?a=1&amp;b=2\\"/)
  assert.match(rendered('trial-ending', 'email_2'), /your <strong>Pro<\/strong> trial ends on <strong>May 1<\/strong>/)
  assert.match(rendered('welcome-messages', 'email_1'), /<li>📹 Watch this <a href=/)
})
