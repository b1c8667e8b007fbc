import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sendThrough, type ProviderTry } from '../../testing/fixtures/provider.ts'
import { providerRows } from '../../testing/fixtures/provider-rows.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

// The numbers are those of the pages that channels/ names beside each.

/** What each provider takes at most, and one more of it. `says`: what is to be shortened. */
const cases: { provider: string; fits: object; tooLong: object; says: RegExp }[] = [
  {
    provider: 'twilio',
    fits: sms(1_600),
    tooLong: sms(1_601),
    says: /^text_body is 1601 .*Twilio takes 1600: shorten/,
  },
  { provider: 'fcm', fits: push(3_900), tooLong: push(4_097), says: /most of it text_body, .*FCM takes 4096/ },
  { provider: 'apns', fits: push(3_900), tooLong: push(4_097), says: /most of it text_body, .*APNs takes 4096/ },
  { provider: 'expo', fits: push(3_900), tooLong: push(4_097), says: /most of it text_body, .*Expo takes 4096/ },
  { provider: 'webpush', fits: push(3_900), tooLong: push(3_994), says: /most of it text_body, .*Web Push takes 3993/ },
  ...['fcm', 'apns', 'expo', 'webpush'].map((provider) => ({
    provider,
    fits: over(3_500),
    tooLong: over(4_100),
    says: /most of it payload_overrides, is \d+ bytes long/,
  })),
  // Three bytes each: bytes count, not letters.
  { provider: 'apns', fits: push(1_200, '✓'), tooLong: push(1_400, '✓'), says: /4\d\d\d bytes/ },
  { provider: 'slack', fits: said(40_000), tooLong: said(40_001), says: /^markdown_body is 40001 .*Slack takes 40000/ },
  {
    provider: 'slack',
    fits: json({ blocks: Array.from({ length: 50 }, () => section(3_000)) }),
    tooLong: json({ blocks: Array.from({ length: 51 }, () => section(1)) }),
    says: /^blocks has 51, and Slack takes 50/,
  },
  {
    provider: 'slack',
    fits: json({ blocks: [null, { type: 'divider' }, { type: 'context', elements: [] }] }),
    tooLong: json({ blocks: [section(1), section(3_001)] }),
    says: /^blocks\[1\]\.text is 3001 characters long, and Slack takes 3000/,
  },
  { provider: 'discord', fits: said(2_000), tooLong: said(2_001), says: /^markdown_body is 2001 .*Discord takes 2000/ },
  {
    provider: 'discord',
    fits: json({ embeds: Array.from({ length: 10 }, () => ({ description: 'a'.repeat(600) })) }),
    tooLong: json({ embeds: Array.from({ length: 11 }, () => ({ title: 'a' })) }),
    says: /^embeds has 11, and Discord takes 10/,
  },
  {
    provider: 'discord',
    fits: json({ embeds: [null, 7, { fields: [null] }] }),
    tooLong: json({ embeds: [{ description: 'a'.repeat(4_000) }, { description: 'a'.repeat(2_001) }] }),
    says: /^all of embeds is 6001 characters long/,
  },
  {
    provider: 'discord',
    fits: json({ embeds: [{ fields: Array.from({ length: 25 }, () => ({ name: 'a', value: 'b' })) }] }),
    tooLong: json({ embeds: [{ fields: [{ name: 'a', value: 'b'.repeat(1_025) }] }] }),
    says: /^embeds\[0\]\.fields\[0\]\.value is 1025/,
  },
  {
    provider: 'teams',
    fits: said(28_000),
    tooLong: said(28_672),
    says: /^markdown_body is \d+ bytes .*Teams takes 28672/,
  },
]

test('what a provider does not take is refused before any request, and says what to shorten', async () => {
  for (const { provider, fits, tooLong, says } of cases) {
    const row = providerRows[provider]!
    const server = await httpReceiver((response, { url }) => row.answer(response, url))
    after(() => server.close())
    const send = (content: object) => {
      const given = row.given(server.url)
      return sendThrough({ ...given, content: { ...(given.content as object), ...content } } as ProviderTry<'sms'>)
    }
    const refused = await send(tooLong)
    assert.equal(refused.kind, 'refused', `${provider} ${JSON.stringify(refused)}`)
    assert.match((refused as { reason: string }).reason, says)
    assert.deepEqual([refused.handedOver, server.requests.length], [false, 0], `${provider} was asked`)
    const sent = await send(fits)
    assert.equal(sent.kind, 'sent', `${provider} ${JSON.stringify(sent)}`)
  }
})

function sms(length: number): object {
  return { body: '😀'.repeat(length) }
}

function push(length: number, letter = 'a'): object {
  return { title: 'Hi', body: letter.repeat(length) }
}

function over(length: number): object {
  return { payload_overrides: { data: { extra: 'x'.repeat(length) } } }
}

function said(length: number): object {
  const content = 'a'.repeat(length)
  return { template: { blocks: [{ name: 'body', type: 'markdown', content }], json_content: null, summary: null } }
}

function json(json_content: object): object {
  return { template: { blocks: [], json_content, summary: null } }
}

function section(length: number): object {
  return { type: 'section', text: { type: 'mrkdwn', text: 'a'.repeat(length) } }
}
