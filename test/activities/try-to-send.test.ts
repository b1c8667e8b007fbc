import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { tryToSend } from '../../activities/try-to-send.ts'
import { HttpClient, withoutAnswer } from '../../channels/http-client.ts'
import type { Sender } from '../../channels/sender.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { HostList } from '../../settings/host-list.ts'
import { MESSAGE_ID } from '../../testing/fixtures/provider.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

const id = '5b0e9d8e-1f6a-5b34-9d8e-1b7e5b346a55'
const channel: Channel = { key: 'crm', id, type: 'http', name: 'CRM', provider: 'http', settings: {} }
const outgoing = { messageId: MESSAGE_ID, recipient: { reference: 'u1', properties: {} }, content: {} }

test('a try that used up all of its time is told so, whichever limit came first', async () => {
  const mute = await httpReceiver(() => undefined)
  const http = new HttpClient({ allowPrivate: HostList.every })
  after(() => Promise.all([mute.close(), http.close()]))
  for (const [timeoutMs, ofRequest] of [
    [300, 60_000],
    [60_000, 300],
  ] as const) {
    const sender: Sender<unknown> = {
      concurrency: 1,
      timeoutMs,
      send: (_message, _channel, attempt) => {
        const call = { url: new URL(mute.url), method: 'POST', headers: {}, body: '{}', timeoutMs: ofRequest } as const
        return http.request({ ...call, ...attempt }).then(
          () => ({ kind: 'sent' }) as const,
          (error: unknown) => withoutAnswer(error, false),
        )
      },
      close: () => Promise.resolve(),
    }
    const result = await tryToSend(sender, outgoing, channel, [])
    assert.equal((result as { reason: string }).reason, 'no answer within 0.3 s')
  }
})
