import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { noChromium, startChromium } from '../../testing/browser/chromium.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { SECRET_KEY, startApi } from '../../testing/product/api-server.ts'

const said = (page: Page, text: RegExp) => page.locator('#said', { hasText: text }).waitFor()
const rowOf = (page: Page, person: string, text: string) =>
  page.locator('tr', { hasText: person }).filter({ hasText: text }).waitFor()

describe('the start page in Chromium', { skip: noChromium }, () => {
  test('its buttons trigger the example, cancel for one and then for all, and say what the cancel answered', async (t) => {
    const api = await startApi(await readCatalog('notifications'))
    t.after(() => api.close())
    await publishCatalog(api.deps.store.db, api.deps.catalog)
    const page = await (await startChromium(t)).newPage()
    await page.goto(`${api.url}/#${SECRET_KEY}`)
    assert.equal(new URL(page.url()).hash, '', 'the key does not stay in the address')
    await page.click('#trigger')
    await rowOf(page, 'grace', 'none yet')
    await page.locator('tr', { hasText: 'grace' }).getByRole('button').click()
    await said(page, /^The cancel answered: 1 canceled\.$/)
    await rowOf(page, 'grace', 'nothing: canceled')
    await page.click('#cancel')
    await said(page, /^The cancel answered: 2 canceled, 1 already_canceled\.$/)
  })

  test('with definitions of one’s own it asks which, and tells what is wrong with an answer', async (t) => {
    const api = await startApi(catalogOf(testVersion('invite & <more>', ['feed'])))
    t.after(() => api.close())
    await publishCatalog(api.deps.store.db, api.deps.catalog)
    const page = await (await startChromium(t)).newPage()
    await page.goto(`${api.url}/#%`)
    await page.click('#trigger')
    await said(page, /^Which workflow\?$/)
    await page.fill('#workflow', 'nothing')
    await page.click('#trigger')
    await said(page, /API key/)
    await page.fill('#key', SECRET_KEY)
    await page.click('#trigger')
    await said(page, /^No workflow has the key nothing$/)
    await page.fill('#workflow', 'invite & <more>')
    await page.fill('#recipients', 'zoë, a&b')
    await page.fill('#data', '[]')
    await page.click('#trigger')
    await said(page, /: data must be an object$/)
    await page.fill('#data', '{"n": 1}')
    await page.click('#trigger')
    await rowOf(page, 'a&b', 'none yet')
    await page.click('#cancel')
    await said(page, /^The cancel answered: 2 canceled\.$/)
  })
})
