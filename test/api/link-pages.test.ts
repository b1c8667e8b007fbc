import express, { type Request, type Response } from 'express'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Links } from '../../channels/links.ts'
import { Admission } from '../../api/http/admission.ts'
import { createApp } from '../../api/http/app.ts'
import { answerError } from '../../api/http/error-handler.ts'
import { httpServer } from '../../api/http/front.ts'
import { linkPages } from '../../api/http/link-pages.ts'
import { refusedForLoad } from '../../metrics/counted.ts'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog, seedChannels, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'

const SECRET = 'a secret of more than thirty-two characters'
let api: ApiServer
let links: Links
const server = httpServer()
before(async () => {
  api = await startApi(catalog)
  await seedChannels(api.deps.store.db)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = { ...api.deps.settings, BELAY_PUBLIC_URL: url, BELAY_LINK_SECRET: SECRET }
  server.on('request', createApp({ ...api.deps, settings }))
  links = new Links(url, SECRET)
})
after(async () => {
  server.close()
  server.closeAllConnections()
  await api.close()
})

async function mailed(recipient: string): Promise<string> {
  const [run] = await seedTrigger(api.deps.store.db, { recipients: [recipient] })
  return seedMessage(api.deps.store.db, run!, { step: 2, status: 'sent' })
}
const engagement = async (id: string) => {
  const { body } = await api.call('GET', `/v1/messages/${id}`)
  return (body as { engagement_statuses: string[] }).engagement_statuses
}
const eventsOf = async (id: string) => {
  const { body } = await api.call('GET', `/v1/messages/${id}/events`)
  return (body as { items: { type: string; data: unknown }[] }).items.map(({ type, data }) => [type, data])
}

test('an opened mail is read; a clicked link is recorded once, with where it led, and leads on', async () => {
  const id = await mailed('ada')
  await fetch(links.open(id), { method: 'HEAD' })
  assert.deepEqual(await engagement(id), [])
  const pixel = await fetch(links.open(id))
  assert.deepEqual([pixel.status, pixel.headers.get('content-type')], [200, 'image/gif'])
  assert.deepEqual(await engagement(id), ['seen', 'read'])

  const target = 'https://a.example/x?y=ä&z=%22'
  for (let click = 1; click <= 2; click++) {
    const answer = await fetch(links.click(id, target)!, { redirect: 'manual' })
    assert.deepEqual([answer.status, answer.headers.get('location')], [302, 'https://a.example/x?y=%C3%A4&z=%22'])
  }
  assert.deepEqual(await engagement(id), ['seen', 'read', 'link_clicked'])
  const clicks = (await eventsOf(id)).filter(([type]) => type === 'message.link_clicked')
  const expected: [string, Record<string, string>][] = [['message.link_clicked', { link: target }]]
  assert.deepEqual(clicks, expected)
})

test('a link that was not signed here leads nowhere, and does nothing', async () => {
  const id = await mailed('bo')
  const forged = new Links(links.open(id).split('/l/')[0]!, 'another secret of more than 32 characters')
  for (const url of [forged.open(id), forged.click(id, 'https://evil.example/')!, forged.unsubscribe(id)]) {
    const answer = await fetch(url, { redirect: 'manual', method: url.includes('unsubscribe') ? 'POST' : 'GET' })
    assert.equal(answer.status, 404)
  }
  assert.deepEqual(await engagement(id), [])
  const gone = links.click(id.replace(/.$/, '0'), 'https://a.example/')!
  assert.equal((await fetch(gone, { redirect: 'manual' })).status, 302, 'a message that is gone still leads on')
})

test('to look at an unsubscribe link does nothing; a POST, by software or by the button, ends what is commercial', async () => {
  const id = await mailed('cy')
  await api.call('PUT', '/v1/users/cy/preferences/default', { body: { channel_types: { email: true } } })
  const url = links.unsubscribe(id)
  const page = await (await fetch(url)).text()
  assert.match(page, /<form method="post"><button>Unsubscribe<\/button>/)
  const subscribed = async () => {
    const { body } = await api.call('GET', '/v1/users/cy/preferences/default')
    const { channel_types, commercial_subscribed } = body as Record<string, unknown>
    return [channel_types, commercial_subscribed]
  }
  const [types, before] = await subscribed()
  assert.notEqual(before, false)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await fetch(url, { method: 'POST', headers: form, body: 'List-Unsubscribe=One-Click' })
  assert.deepEqual([answer.status, await subscribed()], [200, [types, false]])
})

test('without an address of its own there are no such pages', async () => {
  const id = await mailed('di')
  const url = links.open(id).replace(/^http:\/\/[^/]+/, api.url)
  assert.equal((await fetch(url)).status, 404)
})

test('where there is no room for them, opens and clicks lead on, and count neither as recorded nor as refused', async (t) => {
  const id = await mailed('eve')
  const admission = new Admission()
  const idle = { get: () => undefined } as unknown as Request
  for (let n = 1; n <= 64; n += 1) admission.enter(idle, {} as unknown as Response, null, 'keyless')
  const busy = httpServer().listen(0, '127.0.0.1')
  t.after(() => busy.close().closeAllConnections())
  await once(busy, 'listening')
  const url = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`
  const settings = { ...api.deps.settings, BELAY_PUBLIC_URL: url, BELAY_LINK_SECRET: SECRET }
  busy.on(
    'request',
    express()
      .use(linkPages({ ...api.deps, settings }, admission))
      .use(answerError(api.deps.log)),
  )
  const busyLinks = new Links(url, SECRET)
  const refused = async () => (await refusedForLoad.get()).values[0]!.value
  const before = await refused()
  assert.equal((await fetch(busyLinks.open(id))).status, 200)
  const click = await fetch(busyLinks.click(id, 'https://a.example/')!, { redirect: 'manual' })
  assert.deepEqual([click.status, click.headers.get('location')], [302, 'https://a.example/'])
  assert.deepEqual([await engagement(id), (await refused()) - before], [[], 0])
  // What is answered 503 is what counts as refused.
  assert.equal((await fetch(busyLinks.unsubscribe(id))).status, 503)
  assert.equal((await refused()) - before, 1)
})
