import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { sendTracked } from '../../channels/chat/tracked-chat.ts'
import { Links, MISSING } from '../../channels/links.ts'
import type { SendResult } from '../../channels/sender.ts'
import type { ChatContent } from '../../channels/chat/content.ts'
import type { FeedContent } from '../../channels/in-app-feed/content.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const ID = '2aBcDeFgHiJkLmNoPqRsTuVwXyZ'
const links = new Links('https://belay.example', 'secret')
const targetIn = (address: string) => links.read('click', address.replace('https://belay.example/l/click/', ''))?.target

async function chat(content: string, given: { more?: object; links?: Links | undefined } = { links }) {
  const block = { name: 'body', type: 'markdown', content } as const
  const template = { blocks: [block], json_content: null, summary: null, ...given.more }
  const handed: ChatContent[] = []
  const message = { messageId: ID, recipient: { reference: 'u1', properties: {} }, content: { template } }
  const asked = { ...message, content: { template, link_tracking: true as const } }
  const result = await sendTracked(asked, given.links, (each): Promise<SendResult> => {
    handed.push(each.content)
    return Promise.resolve({ kind: 'sent' })
  })
  return { text: handed[0]!.template.blocks[0]!.content, filled: result.filled }
}

test('an address within code of a chat message stays as it is', async () => {
  const code = '`<https://a.example/>` and\n\n```\n[a](https://a.example/)\n```'
  assert.equal((await chat(code)).text, code)
  const { text } = await chat(`${code}\n\n[a](https://a.example/)`)
  assert.ok(text.startsWith(code))
  assert.equal(targetIn(/\(([^()]+)\)$/.exec(text)![1]!), 'https://a.example/')
})

test('links of a chat message lead over ours; pictures, bare addresses and what is no web address stay', async () => {
  const source =
    'See [it](https://acme.example/a?b=1&amp;c=x\\_y "title") or <https://acme.example/d>, ![not](https://acme.example/e.png), ' +
    'https://acme.example/f, [mail](mailto:a@acme.example), [odd](https://acme.example/g_(h))'
  const { text, filled } = await chat(source)
  const found = [...text.matchAll(/https:\/\/belay\.example\/l\/click\/[^\s<>()]+/g)].map(([url]) => targetIn(url))
  assert.deepEqual(found, ['https://acme.example/a?b=1&c=x_y', 'https://acme.example/d'])
  const rest = /!\[not\].*$/s.exec(source)![0]
  assert.ok(text.endsWith(rest), text)
  assert.deepEqual([filled, (await chat(text)).text], [undefined, text], 'ours are left alone')
})

test('what a chat message asked for in vain is kept with it', async () => {
  assert.deepEqual((await chat('[x](https://a.example)', { links: undefined })).filled, { tracking: MISSING })
  const json = await chat('', { links, more: { json_content: { url: 'https://a.example' } } })
  assert.match(json.filled!['tracking']!, /json_body stay as they are/)
})

const feed = (channel_overrides: object) => ({
  steps: [
    {
      ref: 'feed_1',
      type: 'channel',
      channel_type: 'in_app_feed',
      channel_overrides,
      template: {
        markdown_body: 'See [it](https://acme.example/a)',
        action_buttons: [
          { label: 'Open', action: 'https://acme.example/b' },
          { label: 'Here', action: '/settings' },
        ],
      },
    },
    {
      ref: 'feed_2',
      type: 'channel',
      channel_type: 'in_app_feed',
      channel_overrides,
      template: { markdown_body: 'Hi', action_url: '{{ data.url }}' },
    },
  ],
})

test('what a client opens of an in-app message leads over ours, and its content shows the address', async () => {
  const store = await testPglite()
  after(() => store.close())
  await store.migrate()
  const catalog = await catalogOfFiles({ asks: feed({ link_tracking: true }), not: feed({ link_tracking: false }) })
  await publishCatalog(store.db, catalog)
  const blocksOf = async (key: string, given: { links?: Links }) => {
    const data = { url: 'https://acme.example/c' }
    const walked = await startWalk(store.db, catalog, key, { recipient: randomUUID(), data, ...given })
    const made = await walked.messages()
    return { blocks: made.flatMap(({ content }) => (content as unknown as FeedContent).blocks), walked, made }
  }
  const { blocks, made, walked } = await blocksOf('asks', { links })
  const [body, actions, , url] = blocks as [
    { rendered: string },
    { buttons: { action: string }[] },
    object,
    { rendered: string; content: string },
  ]
  assert.equal(targetIn(/href="([^"]+)"/.exec(body.rendered)![1]!), 'https://acme.example/a')
  assert.deepEqual(
    [targetIn(actions.buttons[0]!.action), actions.buttons[1]!.action],
    ['https://acme.example/b', '/settings'],
  )
  assert.deepEqual([targetIn(url.rendered), url.content], ['https://acme.example/c', 'https://acme.example/c'])
  const token = url.rendered.replace('https://belay.example/l/click/', '')
  assert.equal(links.read('click', token)!.messageId, walked.messageId(made[1]!.number))

  assert.doesNotMatch(JSON.stringify((await blocksOf('not', { links })).blocks), /belay\.example/)
  const without = await blocksOf('asks', {})
  assert.doesNotMatch(JSON.stringify(without.blocks), /belay\.example/)
  const [[, event, { warnings }]] = (await without.walked.events()) as [[string, string, { warnings: string[] }]]
  assert.deepEqual([event, warnings], ['step_warned', [`link_tracking is ${MISSING}`]])
})
