import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, after, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { noChromium, startChromium } from '../../testing/browser/chromium.ts'
import { servePage, type PageServer } from '../../testing/browser/page-server.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { SIGNING_PUBLIC_KEY, signUserToken } from '../../testing/fixtures/user-tokens.ts'
import { PUBLIC_KEY } from '../../testing/product/api-server.ts'
import type { Belay } from '../../testing/product/belay.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { startProduct, type Product } from '../../testing/product/product.ts'

/** Pictures to look at: BELAY_SCREENSHOTS=<folder>. */
const pictures = process.env['BELAY_SCREENSHOTS']

describe('Knock’s own packages in a browser, on a page of another origin', { skip: noChromium }, () => {
  const closers: (() => unknown)[] = []
  const suite = { after: (close: () => unknown) => void closers.push(close) }
  let browser: Browser
  let react: PageServer
  let older: PageServer
  let product: Product
  let belay: Belay
  let host: string

  before(async () => {
    react = await servePage('inbox.jsx')
    older = await servePage('older.js')
    suite.after(() => Promise.all([react.close(), older.close()]))
    const notifications = notificationsFolder({
      'comment/workflow.json': workflow(feedStep('feed', '**{{ data.who }}** commented on {{ data.page }}')),
      'later/workflow.json': workflow(
        { ref: 'until', type: 'delay', settings: { delay_until_field_path: 'data.at' } },
        feedStep('feed', 'It is time'),
      ),
    })
    const origins = [react, older].map(({ url }) => new URL(url).origin)
    const env = { BELAY_SIGNING_PUBLIC_KEY: SIGNING_PUBLIC_KEY, BELAY_CORS_ORIGINS: origins.join(',') }
    product = await startProduct(suite, { notifications, env: { ...env, PORT: String(await freePort()) } })
    belay = product.belay
    host = product.apiUrl()
    browser = await startChromium(suite)
  })
  after(async () => {
    for (const close of closers.reverse()) await close()
  })

  async function open(server: PageServer, user: string, mode = 'light'): Promise<Page> {
    const token = await signUserToken({ sub: user })
    const page = await browser.newPage({ viewport: { width: 480, height: 640 } })
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(error.message))
    page.on('close', () => assert.deepEqual(wrong, []))
    const query = new URLSearchParams({ host, user, token, mode, key: PUBLIC_KEY, feed: 'in-app-feed' })
    await page.goto(`${server.url}?${query.toString()}`)
    await page.locator('.rnf-notification-icon-button, output').first().waitFor()
    return page
  }

  const badge = (page: Page) => page.locator('.rnf-unseen-badge__count').allInnerTexts()
  const cards = (page: Page) => page.locator('.rnf-notification-cell__content').allInnerTexts()
  const show = (page: Page) => page.locator('.rnf-notification-icon-button').click()
  const comment = (user: string, who: string) =>
    belay.trigger('comment', { recipients: [user], data: { who, page: 'the plan' }, cancelation_key: `${user}/${who}` })

  async function picture(page: Page, name: string) {
    if (pictures === undefined) return
    mkdirSync(pictures, { recursive: true })
    await page.screenshot({ path: join(pictures, `${name}.png`) })
  }

  test('a message arrives while the page is open, is seen, read, and archived', async () => {
    const page = await open(react, 'ada')
    assert.deepEqual(await badge(page), [])
    await comment('ada', 'Grace')
    await eventually(async () => assert.deepEqual(await badge(page), ['1']))

    await show(page)
    await eventually(async () => assert.deepEqual(await cards(page), ['Grace commented on the plan']))
    await eventually(async () => assert.deepEqual(await badge(page), []))
    const state = async () => {
      const [item] = await belay.feed('ada', 'archived=include')
      return [item!.seen_at, item!.read_at, item!.archived_at].map((at) => at !== null)
    }
    await eventually(async () => assert.deepEqual(await state(), [true, false, false]))
    await picture(page, 'seen')

    await page.locator('.rnf-mark-all-as-read').click()
    await eventually(async () => assert.deepEqual(await state(), [true, true, false]))
    await page.locator('.rnf-notification-cell').hover()
    await page.locator('.rnf-archive-notification-btn').click()
    await eventually(async () => assert.deepEqual(await cards(page), []))
    await eventually(async () => assert.deepEqual(await state(), [true, true, true]))
    await picture(page, 'empty')
    await page.close()
  })

  test('what a cancel takes back leaves two open pages, card and badge, and stays where it was kept', async () => {
    const pages = [await open(react, 'bob'), await open(react, 'bob', 'dark')]
    await comment('bob', 'Grace')
    await comment('bob', 'Alan')
    for (const page of pages) await eventually(async () => assert.deepEqual(await badge(page), ['2']))
    await show(pages[1]!)
    const [open1, open2] = pages as [Page, Page]
    await eventually(async () => assert.equal((await cards(open2)).length, 2))
    await picture(open2, 'two-dark')

    const verdict = await belay.cancel('comment', { cancelation_key: 'bob/Grace', archive_sent: true })
    assert.equal(verdict.archived.length, 1)
    await eventually(async () => assert.deepEqual(await cards(open2), ['Alan commented on the plan']))
    const revoked = verdict.archived.map(({ id }) => id)
    for (const page of pages) {
      await eventually(async () => assert.deepEqual(await page.evaluate('window.revoked'), revoked))
    }
    // The second page had shown them, so the one that is left is seen, and no badge is left for it.
    await eventually(async () => assert.deepEqual(await badge(open1), []))
    await show(open1)
    await eventually(async () => assert.deepEqual(await cards(open1), ['Alan commented on the plan']))
    await picture(open1, 'one-left')
    for (const page of pages) await page.close()
  })

  test('a page with version 0.8 of the client is told, too', async () => {
    const page = await open(older, 'eve')
    const shown = async () => [
      await page.locator('output').innerText(),
      (await page.locator('li').allInnerTexts()).length,
    ]
    await comment('eve', 'Grace')
    await comment('eve', 'Alan')
    await eventually(async () => assert.deepEqual(await shown(), ['2', 2]))
    await belay.cancel('comment', { cancelation_key: 'eve/Alan', archive_sent: true })
    await eventually(async () => assert.deepEqual(await shown(), ['1', 1]))
    await page.close()
  })

  test('a page that is open while Belay is started again misses nothing of what came meanwhile', async () => {
    const page = await open(react, 'tom')
    await belay.trigger('later', { recipients: ['tom'], data: { at: new Date(Date.now() + 1_000).toISOString() } })
    await product.stop()
    await product.start()
    // It may be there before the page is back.
    await eventually(async () => assert.deepEqual(await badge(page), ['1']), 120_000)
    await comment('tom', 'Grace')
    await eventually(async () => assert.deepEqual(await badge(page), ['2']))
    await page.close()
  })

  test('a page of somebody else’s origin is answered nothing, and another’s token opens no feed', async () => {
    const token = await signUserToken({ sub: 'mallory' })
    const page = await browser.newPage()
    await page.goto(react.url)
    const ask = (user: string) =>
      page.evaluate(
        ([url, key, userToken]) =>
          fetch(url!, { headers: { authorization: `Bearer ${key}`, 'x-knock-user-token': userToken! } }).then(
            ({ status }) => status,
            () => 'refused by the browser',
          ),
        [`${host}/v1/users/${user}/feeds/in-app-feed`, PUBLIC_KEY, token],
      )
    assert.equal(await ask('mallory'), 200)
    assert.equal(await ask('ada'), 403)
    await page.goto(react.url.replace('localhost', '127.0.0.1'))
    assert.equal(await ask('mallory'), 'refused by the browser')
    await page.close()
  })
})
