import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sendThrough } from '../../testing/fixtures/provider.ts'
import { providerRows } from '../../testing/fixtures/provider-rows.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { freePort } from '../../testing/servers/ports.ts'

// A message that goes to several connections or devices: none that took it gets it again for what the next one did.

/** What each answers where it takes a message. */
const TAKEN = { slack: 200, discord: 200, teams: 200, webpush: 201 }

for (const [provider, status] of Object.entries(TAKEN)) {
  test(`${provider}: what one took is sent, and not repeated, whatever became of the next`, async () => {
    const good = await httpReceiver((response) => response.writeHead(status).end())
    const mute = await httpReceiver((response) => response.destroy())
    after(() => Promise.all([good.close(), mute.close()]))
    const away = `http://127.0.0.1:${await freePort()}`
    const given = providerRows[provider]!.given(good.url)
    const isPush = given.type === 'push'
    const [device] = (given.channelData!['devices'] ?? []) as { keys: object }[]
    const at = (url: string) =>
      isPush ? { ...device, endpoint: `${url}/push/2` } : { incoming_webhook: { url: `${url}/2` } }
    const nexts: Record<string, object> = {
      'is not reached': at(away),
      'hangs up': at(mute.url),
      ...(!isPush && { 'has no token': { channel_id: 'C1' } }),
      ...(isPush && { 'has broken keys': { endpoint: `${good.url}/push/3`, keys: { p256dh: 'x', auth: 'y' } } }),
    }
    for (const [name, next] of Object.entries(nexts)) {
      const channelData = { [isPush ? 'devices' : 'connections']: [at(good.url), next] }
      const before = good.requests.length
      const { kind } = await sendThrough({ ...given, channelData, ...(!isPush && { settings: {} }) })
      assert.deepEqual([kind, good.requests.length - before], ['sent', 1], name)
    }
  })
}
