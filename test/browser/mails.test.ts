import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { HtmlValidate } from 'html-validate'
import type { Browser } from 'playwright-core'
import { inAppFeed } from '../../channels/in-app-feed/type.ts'
import type { FeedContent } from '../../channels/in-app-feed/content.ts'
import { renderStep } from '../../channels/render-step.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import type { VisualBlock } from '../../channels/email/visual-block.ts'
import { testScope } from '../../testing/fixtures/scope.ts'
import { noChromium, startChromium } from '../../testing/browser/chromium.ts'
import { exampleMessages } from '../../testing/fixtures/example-messages.ts'

/** Pictures to look at: BELAY_SCREENSHOTS=<folder>; those that docs/templates.md shows are kept in docs/pictures. */
const pictures = process.env['BELAY_SCREENSHOTS']
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const messages = await exampleMessages()

interface Violation {
  id: string
  nodes: { html: string; failureSummary: string }[]
}

describe('e-mails and feed cards as Chromium shows them', { skip: noChromium }, () => {
  const closers: (() => unknown)[] = []
  let browser: Browser
  before(async () => {
    browser = await startChromium({ after: (close) => void closers.push(close) })
  })
  after(async () => {
    for (const close of closers.reverse()) await close()
  })

  for (const { name, html } of messages) {
    test(`${name} fits a phone and a wide screen, light and dark, and axe finds nothing`, async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [375, 1_000]) {
          const page = await browser.newPage({ colorScheme, viewport: { width, height: 600 } })
          const asked: string[] = []
          page.on('request', (request) => asked.push(request.url()))
          await page.setContent(html)
          const at = `${name} at ${width}, ${colorScheme}`
          assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${at} is wider`)
          assert.deepEqual(asked, [], `${at} loads something`)
          if (pictures !== undefined)
            await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true })
          await page.addScriptTag({ path: axe })
          const found = await page.evaluate(
            "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] }).then((r) => r.violations)",
          )
          const told = (found as Violation[]).flatMap(({ id, nodes }) =>
            nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
          )
          assert.deepEqual(told, [], at)
          await page.close()
        }
      }
    })
  }
})

function mailOf(visualBlocks: VisualBlock[]): string {
  const template = { subject: 'Hi', body: { visualBlocks }, textBody: null, attachmentKey: null }
  const step = { type: 'channel' as const, ref: 'step_1', name: 'Step', next: null, channel: { key: 'c', id: 'c' } }
  return (renderStep({ ...step, channelType: 'email', template }, testScope({})) as EmailContent).html_body
}

test('a button of a feed card is one box, however long its label', { skip: noChromium }, async (t) => {
  const label = 'Accept the invitation to the workspace of the whole department and open it in the app at once'
  const content = {
    blocks: [
      {
        ...{ name: 'actions', type: 'button_set' },
        buttons: [
          { name: 'primary', label, action: 'https://a.example' },
          { name: 'secondary', label: 'm'.repeat(90), action: 'https://a.example' },
        ],
      },
    ],
  } satisfies FeedContent
  const { files } = inAppFeed.preview('feed_1', content)
  const browser = await startChromium(t)
  for (const width of [375, 1_000]) {
    const page = await browser.newPage({ viewport: { width, height: 600 } })
    await page.setContent(files['feed_1.html']!)
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `long-buttons-${width}.png`) })
    const boxes = await page.evaluate(
      `[...document.querySelectorAll('.button')].map((each) => [
        each.getClientRects().length,
        each.getBoundingClientRect().right <= each.parentElement.getBoundingClientRect().right,
      ])`,
    )
    assert.deepEqual(boxes, [
      [1, true],
      [1, true],
    ])
  }
})

test('buttons of a mail that do not fit beside each other stand below each other', { skip: noChromium }, async (t) => {
  const button = (label: string) => ({ label, action: 'https://a.example' })
  const buttons = ['Accept the invitation', 'See notifications', 'Unsubscribe from everything'].map(button)
  const set = { type: 'button_set' as const, buttons }
  const html = mailOf([
    { type: 'row', columns: [[set], [{ ...set, buttons: [button('m'.repeat(60)), button('Yes')] }]] },
    { ...set, buttons: ['Accept', 'See notifications', 'Unsubscribe from all'].map(button) },
  ])
  const browser = await startChromium(t)
  for (const width of [375, 1_000]) {
    const page = await browser.newPage({ viewport: { width, height: 600 } })
    await page.setContent(html)
    if (pictures !== undefined)
      await page.screenshot({ path: join(pictures, `many-buttons-${width}.png`), fullPage: true })
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
    const tops = await page.evaluate(
      `[...document.querySelectorAll('.button')].slice(-3).map((each) => each.getBoundingClientRect().top)`,
    )
    assert.equal(new Set(tops as number[]).size > 1, width === 375)
  }
})

test('a validator accepts the HTML', async () => {
  const validator = new HtmlValidate({
    extends: ['html-validate:standard'],
    rules: {
      // What mail programs need: they know few styles, and tables as a frame.
      'no-inline-style': 'off',
      'no-deprecated-attr': 'off',
      // How it is written, not what it is.
      'void-style': 'off',
      'no-trailing-whitespace': 'off',
      'attr-quotes': 'off',
      'long-title': 'off',
      'doctype-style': 'off',
    },
  })
  for (const { name, html } of messages) {
    const { results } = await validator.validateString(html)
    const told = results.flatMap(({ messages: each }) =>
      each.map(({ line, ruleId, message }) => `${line} ${ruleId}: ${message}`),
    )
    assert.deepEqual(told, [], name)
  }
})

test('the pictures in docs/pictures are of what is rendered now; if not, take them again, look, and write down the digests', () => {
  const known = JSON.parse(readFileSync('docs/pictures/rendered.json', 'utf8')) as Record<string, string>
  const now = messages.map(({ name, html }) => [name, createHash('sha256').update(html).digest('hex')] as const)
  assert.deepEqual(Object.fromEntries(now), known)
})
