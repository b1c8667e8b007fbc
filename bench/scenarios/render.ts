import { Liquid } from 'liquidjs'
import MarkdownIt from 'markdown-it'
import type { ChannelStep } from '../../definitions/step.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { compileEmail } from '../../channels/email/html/compile.ts'
import { renderStep } from '../../channels/render-step.ts'
import { buildScope, SOURCE, type Scope } from '../../templates/scope.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import type { Bench, Scenario } from '../bench.ts'
import { faster } from '../figure.ts'
import { repeated } from '../samples.ts'

const RECIPIENTS = 2_000
const ROUNDS = 9

const feedText = `# {{ data.title }}

Hello **{{ recipient.name | default: "there" }}**, {{ actor.name }} left {{ data.comments | size }} comments:

{% for comment in data.comments %}
- *{{ comment.by }}*: {{ comment.text | truncatewords: 12 }}
{% endfor %}

> {{ data.quote }}
`
const files = {
  'hello/workflow.json': {
    name: 'Hello',
    steps: [
      {
        ...{ ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', channel_key: 'in-app-feed' },
        template: { markdown_body: feedText, action_url: 'https://acme.example/p/{{ data.id }}?u={{ recipient.id }}' },
      },
      {
        ...{ ref: 'mail_1', type: 'channel', channel_type: 'email', channel_key: 'email' },
        template: {
          subject: '{{ recipient.name }}: {{ data.title }}',
          visual_blocks: [
            { type: 'markdown', content: feedText },
            { type: 'button_set', buttons: [{ label: 'Open', action: 'https://acme.example/p/{{ data.id }}' }] },
          ],
        },
      },
      {
        ...{ ref: 'feed_2', type: 'channel', channel_type: 'in_app_feed', channel_key: 'in-app-feed' },
        template: {
          markdown_body: '**{{ data.title }}**\n\n{{ data.quote }}',
          action_url: 'https://acme.example/p/{{ data.id }}',
        },
      },
    ],
  },
}
const data = {
  id: 'p-1',
  title: 'Roadmap & plans',
  quote: 'A line with *marks* and <b>tags</b>',
  comments: Array.from({ length: 5 }, (_each, n) => ({ by: `Person ${n}`, text: 'Some words to be read '.repeat(4) })),
}

/** Milliseconds of a personal message's rendering, against Liquid that is parsed for each recipient. */
export const render: Scenario = {
  name: 'render',
  about: `one template for ${RECIPIENTS} recipients, against liquidjs that parses it for each, and Markdown after it`,
  async run(bench) {
    const { definitions } = await readCatalog(notificationsFolder(files))
    const { definition } = definitions.get('hello')!
    const [feed, mail, shared] = definition.steps as [ChannelStep, ChannelStep, ChannelStep]
    const accepted = new Date()
    const actor = { id: 'bob', properties: { name: 'Bob <b>' } }
    const trigger = { workflowRunId: 'w', cancelationKey: null, acceptedAt: accepted, actor, tenant: null }
    // A trigger's data is one object for all of its recipients; another round is another trigger.
    const scopes = () => {
      const own = { ...data }
      return Array.from({ length: RECIPIENTS }, (_each, n): Scope =>
        buildScope({
          definition,
          trigger: { ...trigger, data: own },
          recipientRunId: `r${n}`,
          recipient: { id: `u${n}`, properties: { name: `Ada *${n}* <i>` } },
          triggerData: null,
          messageId: `m${n}`,
        }),
      )
    }
    compare(bench, 'in-app, personal', 5, scopes, (scope) => renderStep(feed, scope), feedByHand(feed))
    compare(bench, 'in-app, the same for all', 10, scopes, (scope) => renderStep(shared, scope), feedByHand(shared))
    compare(bench, 'e-mail, personal', 4, scopes, (scope) => renderStep(mail, scope), mailByHand(mail))
  },
}

type Render = (scope: Scope) => unknown

/** The former way, each in turns with ours: who is first changes from round to round. */
function compare(bench: Bench, name: string, goal: number, scopes: () => Scope[], ours: Render, byHand: Render): void {
  const taken: Record<'ours' | 'byHand', number[]> = { ours: [], byHand: [] }
  const measure = (who: 'ours' | 'byHand', render: Render) => {
    const theirs = scopes()
    const begun = performance.now()
    for (const scope of theirs) render(scope)
    taken[who].push(performance.now() - begun)
  }
  for (let round = 0; round <= ROUNDS; round += 1) {
    const turns: ['ours' | 'byHand', Render][] = [
      ['ours', ours],
      ['byHand', byHand],
    ]
    for (const [who, render] of round % 2 === 0 ? turns : turns.reverse()) measure(who, render)
    // The first is for the compiler.
    if (round === 0) for (const list of Object.values(taken)) list.length = 0
  }
  const { value, range } = repeated(taken.ours)
  bench.figure({
    name: `${name}, ${RECIPIENTS} recipients`,
    ...{ value, range, unit: 'ms', goal: { atLeast: goal } },
    ...faster(value, 'parsed for each', repeated(taken.byHand).value),
  })
}

/** Liquid of the text, then its Markdown, as each recipient's own. */
function feedByHand(step: ChannelStep): Render {
  const { text, html } = engines()
  const markdown = new MarkdownIt({ html: true, linkify: true })
  const { markdownBody, actionUrl } = step.template as { markdownBody: string; actionUrl: string }
  return (scope) => ({
    rendered: markdown.render(filled(html, markdownBody, scope, { globals: scope.data })),
    content: filled(text, markdownBody, scope, { globals: scope.data }),
    url: filled(text, actionUrl, scope, { globals: scope.data }),
  })
}

/** Liquid of the document as we have compiled it, without our own tags: layout, blocks and style sheets cost it nothing. */
function mailByHand(step: ChannelStep): Render {
  const { text, html } = engines()
  if (step.channelType !== 'email') throw new TypeError('not an e-mail')
  const { template } = step
  return (scope) => {
    const compiled = compileEmail(template, scope[SOURCE]?.library)
    const plain = (source: string) =>
      source.replace(/\{% (?:end)?(?:address|addressed|nonempty)\b[^%]*%\}|\| ?raw/g, '')
    const options = { globals: scope.data }
    return {
      subject: filled(text, template.subject, scope, options),
      html: filled(html, plain(compiled.html), scope, options),
      text: filled(text, plain(compiled.text), scope, options),
    }
  }
}

function engines() {
  return { text: new Liquid(), html: new Liquid({ outputEscape: 'escape' }) }
}

const filled = (liquid: Liquid, source: string, scope: Scope, options: { globals: object }): string =>
  String(liquid.parseAndRenderSync(source, scope, options))
