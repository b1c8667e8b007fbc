import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import { writePreview } from '../../definitions/preview.ts'
import { readFolder } from '../../definitions/read-catalog.ts'
import type { Catalog } from '../../definitions/catalog.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { givenFolder, withGivenFiles } from '../../testing/fixtures/given-files.ts'
import { outlineOf } from '../../testing/fixtures/outline.ts'

/** What every file is previewed with. */
const given = {
  data: {
    account_name: 'Engines & Co',
    comment_body: 'Looks *good* to me',
    digest: { period: 'daily' },
    event: 'Disk <full>',
    invite_message: 'Join us',
    invite_token: 'abc',
    invite_token_url: 'https://acme.example/invites/abc',
    magic_link_url: 'https://acme.example/in?a=1&b=2',
    mention_body: 'Hi @ada',
    milestone: { name: 'First 100 users', url: 'https://acme.example/m/1' },
    onboarding_step: 'Profile',
    onboarding_url: 'https://acme.example/start',
    page_id: 'p 1',
    page_name: 'Roadmap',
    plan_name: 'Pro',
    trial_end_date: 'May 1',
    upgrade_url: 'https://acme.example/upgrade',
    ...{ x: '<b>1</b>', code: '123456', phone: '+15555550100', s: '{"b": "two *words*"}', id: 'bob' },
    ...{ a: ['x', 'y'], b: ['y', 'z'] },
  },
  recipient: { id: 'ada', name: 'Ada Lovelace', plan: 'premium', locale: 'en' },
  actor: { id: 'bob', name: 'Bob Moss', email: 'bob@acme.example' },
  now: new Date('2026-01-05T14:00:00Z'),
}

const FEED = `in_app_feed_1: p Hello <strong>Ada Lovelace</strong>
  p [https://app.acme.example](https://app.acme.example)`
const MAIL = `email_1: Hi
  p Hello Ada Lovelace`
const one = (text: string) => `in_app_feed_1: p ${text}`

const invited = `
  h2 You've been invited by Bob to join Engines & Co on Knock.
  blockquote p Join us
  button [Accept invite](https://app.acme.example/invites/account/abc)
  h3 What is Knock?
  p Knock is a platform for managing and sending product notifications. When you accept this invite you will have access to the Knock dashboard where you can create, analyze, and maintain your product notifications.
  p If you’re having trouble with the button above, copy and paste the URL below into your web browser.
  p https://acme.example/invites/abc`

const AT = '2026-01-05T14:00:00.000Z'

/** Written from the files, a message each: an e-mail with its subject, then what is seen of it. */
const templates: Record<string, string> = {
  'alert-digest': `email_1: Your daily alert digest
  h2 Your daily alert digest
  p You had <strong>1</strong> alert in your daily digest:
  blockquote Disk <full> — Jan 5, 2:00 PM
  button [View all alerts](https://app.acme.example/alerts)
in_app_feed_1: p <strong>1</strong> alert in your daily digest.
  p Review the summary to catch up on what you missed.`,
  alerts: `email_1: New alert for event Disk <full>
  p A new alert was triggered for the Disk <full> event at ${AT}.
email_2: 1 new alert was trigged
  p 1 new alert was triggered for the Disk <full> event:
  blockquote Disk <full> event triggered at ${AT}
in_app_feed_1: p A new alert was triggered for the Disk <full> event at ${AT}.
in_app_feed_2: p 1 new alert was triggered for the <strong>Disk <full></strong> event:
  blockquote Disk <full> event triggered at ${AT}
sms_1: A new alert was triggered for the Disk <full> event at ${AT}.
sms_2: 1 new alert was triggered for the Disk <full> event`,
  comments: `email_1: New activity on Roadmap
  p <strong>Bob Moss</strong> left a comment on <strong>Roadmap</strong>.
  blockquote p Looks *good* to me
  button [View comment](https://app.acme.example/pages/p%201)
in_app_feed_1: p <strong>Bob Moss</strong> left a comment on <strong>Roadmap</strong>.
  blockquote p Looks *good* to me
  p [https://app.acme.example/pages/p%201](https://app.acme.example/pages/p%201)
push_1: New activity on Roadmap
  Bob Moss left a comment:
  "Looks *good* to me"`,
  'first-milestone': `email_1: You hit a milestone: First 100 users 🎉
  h2 You hit a milestone! 🎉
  p Hi Ada Lovelace,
  p Congratulations on completing <strong>First 100 users</strong>. You're off to a great start with Knock.
  button [Keep going](https://acme.example/m/1)
in_app_feed_1: p <strong>Congratulations!</strong> You just completed <strong>First 100 users</strong> 🎉
  p Keep going — you're making great progress with Knock.
  p [https://acme.example/m/1](https://acme.example/m/1)`,
  'invite-with-reminder': `email_1: Bob invited you to join Engines & Co on Knock${invited}
email_2: Reminder: You've been invited to join Engines & Co on Knock${invited}`,
  'magic-link': `email_1: Log in to Knock
  h2 Your Knock login
  p This link will only be valid for the next 5 minutes.
  button [Log in to Knock](https://acme.example/in?a=1&b=2)
  hr
  p If you have an issue with the link above, please follow the below url:
  p [https://acme.example/in?a=1&b=2](https://acme.example/in?a=1&b=2)`,
  mentions: `email_1: Bob Moss mentioned you on Roadmap
  p <strong>Bob Moss</strong> mentioned you on <strong>Roadmap</strong>.
  blockquote p Hi @ada
in_app_feed_1: p <strong>Bob Moss</strong> mentioned you on <strong>Roadmap</strong>.
  blockquote p Hi @ada
  p [https://app.acme.example/pages/p%201](https://app.acme.example/pages/p%201)
push_1: New mention on Roadmap
  Bob Moss mentioned you on Roadmap
  "Hi @ada"`,
  'onboarding-incomplete-reminder': `email_1: Finish setting up your Knock account
  h2 Finish setting up your account
  p Hi Ada Lovelace,
  p You started setting up Knock but haven't completed <strong>Profile</strong> yet. Pick up where you left off — it only takes a few minutes.
  button [Continue setup](https://acme.example/start)
in_app_feed_1: p You're almost there! Complete <strong>Profile</strong> to finish setting up your Knock account.
  p [https://acme.example/start](https://acme.example/start)`,
  'trial-ending': `email_1: Your Knock trial ends in 7 days
  h2 Your trial ends in 7 days
  p Hi Ada Lovelace,
  p Your free trial of <strong>Pro</strong> ends on <strong>May 1</strong>. Upgrade now to keep access to all your workflows and data.
  button [Upgrade now](https://acme.example/upgrade)
email_2: Your Knock trial ends in 3 days
  h2 Your trial ends in 3 days
  p Hi Ada Lovelace,
  p Just a heads up — your <strong>Pro</strong> trial ends on <strong>May 1</strong>. Upgrade to avoid losing access.
  button [Upgrade now](https://acme.example/upgrade)
email_3: Last day of your Knock trial
  h2 Last day of your trial
  p Hi Ada Lovelace,
  p Today is the last day of your <strong>Pro</strong> trial. Upgrade now to keep your account active.
  button [Upgrade now](https://acme.example/upgrade)`,
  'welcome-messages': `email_1: Welcome to Knock! 🎉
  h2 Welcome to Knock
  p Knock is the platform for creating, sending, and managing your product's notifications.
  p You can get started by checking out the following:
  li 📹 Watch this [demo](https://www.loom.com/share/498939a259ce450aa0899c0551429607%22%3E) to get an overview of how Knock works
  li 👀 Read our [developer documentation](https://docs.knock.app) to learn how to integrate Knock into your system
  li 📕 Join our [Slack community](https://join.slack.com/t/knockcustomers/shared_invite/zt-13zos4lkx-FWnqvhJjhlbwlWmKelIj5Q) to learn from others in the Knock community
  p If you have any questions or need anything as you're getting started, shoot us a note at [support@knock.app](mailto:support@knock.app). We're here to help and we love getting your feedback.
  p Knock on 🖖
in_app_feed_1: p Welcome to Knock 🎉
  p You can get started by <strong>reading our documentation</strong> on how Knock can help your company send better notifications that your users will love.
  p [https://docs.knock.app?utm_source=in-app-feed&utm_campaign=welcome-message&utm_medium=in-app-feed](https://docs.knock.app?utm_source=in-app-feed&utm_campaign=welcome-message&utm_medium=in-app-feed)`,
}

/** Samples whose messages are not the ones that most of them have: FEED for in_app_feed_1, and MAIL for email_1. */
const samples: Record<string, string> = {
  'channel-chat-json': 'chat_1: {"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"<b>1</b>"}}]}',
  'channel-chat-markdown': 'chat_1: *Hi*',
  'channel-feed-buttons': `${one('x')}
  button [Yes](https://x.example/y) button [No](https://x.example/n)`,
  'channel-feed-url-and-buttons': `${one('x')}
  p [https://x.example](https://x.example)
  button [Yes](https://x.example/y)`,
  'channel-group': 'push_1: Hi\n  Body',
  'channel-http': 'http_1: POST https://x.example/ {}',
  'channel-push': 'push_1: Hi\n  Body',
  'channel-push-silent': 'push_1: silent: it shows nothing',
  'channel-sms': 'sms_1: Code 123456',
  'email-block-html': 'email_1: Hi\n  p <b>1</b>',
  'email-block-image': 'email_1: Hi',
  'email-block-outline-button': 'email_1: Hi\n  outlined [Go](https://x.example)',
  'email-block-partial': 'email_1: Hi\n  p <b>1</b>',
  'email-empty-blocks': 'email_1: Hi',
  'email-html-layout': 'email_1: Hi\n  p <b>1</b>',
  'email-mjml': 'email_1: Hi\n  <b>1</b>',
  'email-render-partial': 'email_1: Hi\n  p <b>1</b>',
  'liquid-compare-versions': one('-1'),
  'liquid-currency': one('£10.00'),
  'liquid-date-zone': one('9:00 AM EST'),
  'liquid-equals': one('true'),
  'liquid-format-date': one('5 January 2026'),
  'liquid-format-datetime': one('5 Jan 2026, 14:00'),
  'liquid-format-number': one('10,000'),
  'liquid-from-json': one('two *words*'),
  'liquid-from-markdown': one('{"b": "two <em>words</em>"}'),
  'liquid-hmac': one('16ae9ecd91203823a6ddb69327f2d5925ef5d1a5a1fe2fa6fce8915adbc1a1ba'),
  'liquid-intersect': one('y'),
  'liquid-md5': one('8c8d357b5e872bbacd45197626bd5759'),
  'liquid-object': 'in_app_feed_1:',
  'liquid-render': one('x'),
  'liquid-rounded-currency': one('£11'),
  'liquid-sha256': one('fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029'),
  'liquid-subscriptions': one('0'),
  'liquid-t-filter': one('orders.ready'),
  'liquid-t-tag': one('Hello, Ada Lovelace!'),
  'liquid-tenant': 'in_app_feed_1:',
  'liquid-timezone': one('2026-01-05T09:00:00-05:00'),
  'liquid-titlecase': one('{"B": "Two *Words*"}'),
  'liquid-user': 'in_app_feed_1:',
  'step-fetch-alone': '',
}

/** What a preview says of samples, beside its files. */
const told: Record<string, string[]> = {
  'email-block-image': [
    'step email_1: the image visual_blocks[0] is left out, since it has no address: vars.branding.logo_url',
  ],
  'liquid-object': ['object bob: nobody is found in a preview'],
  'liquid-tenant': ['tenant acme: nobody is found in a preview'],
  'liquid-user': ['user bob: nobody is found in a preview'],
}

const catalog: { all?: Catalog; folder: string; templates: string[]; samples: string[] } = {
  folder: '',
  templates: [],
  samples: [],
}
before(async () => {
  if (withGivenFiles.skip !== false) return
  Object.assign(catalog, givenFolder({ 'vars.json': { app_url: 'https://app.acme.example' } }))
  catalog.all = await readFolder(catalog.folder)
})

/** Previews a definition; what is seen of its messages, as it is written above. */
async function previewed(key: string) {
  const out = temporaryFolder()
  const said = await writePreview(catalog.all!.definitions.get(key)!.definition, { ...given, out })
  const index = readFileSync(join(out, 'index.html'), 'utf8')
  const read = (name: string) => readFileSync(join(out, name), 'utf8')
  const files = readdirSync(out)
  const refs = [...index.matchAll(/<h2>(\w+) \((\w+)\)<\/h2>/g)].map(([, ref, type]) => ({ ref: ref!, type: type! }))
  const seen = refs
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1))
    .map(({ ref, type }) => {
      if (type === 'email') return [subjectOf(index, ref), ...outlineOf(read(`${ref}.html`))]
      if (type === 'in_app_feed') return outlineOf(read(`${ref}.html`))
      const content = JSON.parse(read(`${ref}.json`)) as Record<string, unknown>
      if (type === 'http')
        return [`${String(content['method']).toUpperCase()} ${String(content['url'])} ${String(content['body'])}`]
      if (content['delivery_type'] === 'silent') return ['silent: it shows nothing']
      if (type !== 'chat') return linesOf(read(`${ref}.txt`))
      const { json_content } = content['template'] as { json_content: unknown }
      return json_content === null ? linesOf(read(`${ref}.md`)) : [JSON.stringify(json_content)]
    })
  const mails = refs.filter(({ type }) => type === 'email')
  const texts = mails.map(({ ref }) => ({ html: read(`${ref}.html`), text: read(`${ref}.txt`) }))
  const messages = seen.map((lines, n) =>
    `${refs.toSorted((a, b) => (a.ref < b.ref ? -1 : 1))[n]!.ref}: ${lines.join('\n  ')}`.trim(),
  )
  return { said, files, index, texts, messages: messages.join('\n') }
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

function subjectOf(index: string, ref: string): string {
  const [, subject] = new RegExp(`<h2>${ref} \\(email\\)</h2>\\s*<p><b>([^<]*)</b>`).exec(index)!
  return outlineOf(subject!).join('')
}

test('each of Knock’s templates is seen as its author meant it', withGivenFiles, async () => {
  assert.deepEqual(catalog.templates, Object.keys(templates).sort())
  for (const key of catalog.templates) {
    const { said, messages, index } = await previewed(key)
    assert.equal(messages, templates[key])
    assert.deepEqual(said, [])
    assert.doesNotMatch(index, /class="wrong"/)
  }
})

test('each sample is seen as its author meant it', withGivenFiles, async () => {
  const loaded = catalog.samples.filter((key) => catalog.all!.definitions.has(key))
  assert.ok(loaded.length >= 92, String(loaded.length))
  for (const key of loaded) {
    const { said, messages } = await previewed(key)
    const usual = [...messages.matchAll(/^(email_1|in_app_feed_1):/gm)].map(([, ref]) =>
      ref === 'email_1' ? MAIL : FEED,
    )
    assert.equal(messages, samples[key] ?? usual.join('\n'), key)
    assert.ok(samples[key] !== undefined || usual.length > 0, key)
    assert.deepEqual(said, told[key] ?? [], key)
  }
  for (const key of Object.keys(samples)) assert.ok(catalog.samples.includes(key), key)
})

test('the text of every mail says what its HTML says, with every link, and is no HTML', withGivenFiles, async () => {
  const wordsOf = (text: string) => text.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
  for (const key of [...catalog.templates, ...catalog.samples]) {
    if (!catalog.all!.definitions.has(key)) continue
    for (const { html, text } of (await previewed(key)).texts) {
      const outline = outlineOf(html)
      const links = outline.flatMap((line) => [...line.matchAll(/\[([^\]]*)\]\(((?:https?|mailto):[^)]*)\)/g)])
      for (const [, label, href] of links) {
        assert.ok(text.includes(href!.replace('mailto:', '')), `${key}: ${href!} is not in ${text}`)
        if (label === href) assert.ok(!text.includes(`${href!} (${href!})`), `${key}: ${href!} stands twice`)
      }
      for (const line of outline) {
        const shown = line
          .replace(/^(?:(?:h[1-4]|p|li|blockquote|pre|th|button|outlined|img|hr)(?: |$))+/, '')
          .replace(/<\/?(?:strong|em|code)>/g, '')
        for (const part of shown.split(/\[|\]\([^)]*\)/))
          assert.ok(wordsOf(text).includes(wordsOf(part)), `${key}: ${part}`)
      }
      assert.doesNotMatch(text, /\{\{|\{%|<\/(?:p|td|a|h\d)|&(?:amp|lt|#39);|\n{3}/)
    }
  }
})

test('the command writes the same, and says what it found', withGivenFiles, async () => {
  const files = temporaryFolder()
  const write = (name: string, value: unknown) => {
    writeFileSync(join(files, name), JSON.stringify(value))
    return join(files, name)
  }
  const out = join(files, 'out')
  const args = ['--data', write('data.json', given.data), '--recipient', write('ada.json', given.recipient)]
  const actor = ['--actor', write('bob.json', given.actor), '--out', out]
  const env = { ...process.env, BELAY_NOTIFICATIONS_DIR: catalog.folder }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'definitions/main.ts', 'preview', 'comments', ...args, ...actor],
    { env },
  )
  assert.match(stdout, /written: .*index\.html/)
  const { texts } = await previewed('comments')
  assert.equal(readFileSync(join(out, 'email_1.html'), 'utf8'), texts[0]!.html)
  assert.equal(readFileSync(join(out, 'email_1.txt'), 'utf8'), texts[0]!.text)
})
