import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ChannelStep } from '../../definitions/step.ts'
import type { Definition } from '../../definitions/definition.ts'
import { readCatalog, readFolder } from '../../definitions/read-catalog.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import { TemplateError } from '../../templates/filler.ts'
import { renderStep } from '../../channels/render-step.ts'
import { structureOf } from '../../testing/fixtures/elements.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

const layout = (html: string, more: object = {}) => ({ html_layout: html, text_layout: '{{ content }}', ...more })
const framed = (inner: string) =>
  `<mjml><mj-head><mj-title>Acme</mj-title></mj-head><mj-body>${inner}<mj-section><mj-column><mj-text>Footer</mj-text></mj-column></mj-section></mj-body></mjml>`
const layouts = {
  'layouts/default/layout.json': layout(framed('{{ content }}'), { is_mjml: true }),
  'layouts/column/layout.json': layout(framed('<mj-section><mj-column>{{ content }}</mj-column></mj-section>')),
  'layouts/text/layout.json': layout(
    framed('<mj-section><mj-column><mj-text>{{content}}</mj-text></mj-column></mj-section>'),
  ),
  'layouts/html/layout.json': layout('<html><body>{{ content }}</body></html>'),
}
const folderOf = (template: object, files: Record<string, unknown> = layouts) =>
  notificationsFolder({
    ...files,
    'hello/workflow.json': {
      steps: [{ ref: 'email_1', type: 'channel', channel_type: 'email', template: { subject: 'Hi', ...template } }],
    },
  })

async function loaded(template: object): Promise<Definition> {
  const { definitions } = await readCatalog(folderOf(template))
  return definitions.get('hello')!.definition
}
async function rendered(template: object, data: Record<string, unknown> = {}): Promise<EmailContent> {
  const definition = await loaded(template)
  return of(definition, data)
}
function of(definition: Definition, data: Record<string, unknown>): EmailContent {
  const { library } = definition
  const scope = testScope({ data, ...(library !== undefined && { library }) })
  return renderStep(definition.steps[0] as ChannelStep, scope) as EmailContent
}
const document = (inner: string, head = '') =>
  `<mjml>${head === '' ? '' : `<mj-head>${head}</mj-head>`}<mj-body>${inner}</mj-body></mjml>`
const section = (inner: string) => `<mj-section><mj-column>${inner}</mj-column></mj-section>`
const mjml = (html_body: string, more: object = {}) => ({ html_body, is_mjml: true, ...more })
const alone = { settings: { layout_key: null } }

test('a document of MJML becomes tables that mail clients know, its values in it, and a plain text', async () => {
  const inner = section(
    '<mj-text>Hello {{ name }}</mj-text><mj-button href="https://a.example/{{ id }}">Go</mj-button>',
  )
  const { html_body: html, text_body: text } = await rendered(mjml(document(inner), alone), {
    name: 'Ada & <b>',
    id: 7,
  })
  assert.match(html, /^<!doctype html>/)
  assert.match(html, /Hello Ada &amp; &lt;b&gt;<\/div>/)
  assert.match(html, /<a href="https:\/\/a\.example\/7"[^>]*>Go<\/a>/)
  assert.match(html, /mj-column-per-100/)
  assert.doesNotMatch(html, /<mj|fonts\.googleapis/)
  assert.match(text!, /Hello Ada & <b>\s+Go \(https:\/\/a\.example\/7\)/)
})

test('Liquid around components is carried out before they are laid out', async () => {
  const columns = '{% for each in data.all %}<mj-column><mj-text>{{ each }}</mj-text></mj-column>{% endfor %}'
  const definition = await loaded(mjml(document(`<mj-section>${columns}</mj-section>`), alone))
  assert.match(of(definition, { all: ['a', 'b'] }).html_body, /mj-column-per-50/)
  assert.match(of(definition, { all: ['a', 'b', 'c'] }).html_body, /mj-column-per-33/)
})

test('HTML within mj-text and mj-raw is handed on as it stands there, unclosed or not', async () => {
  const inner = `${section('<mj-text><p>One<br>Two&nbsp;<mj-x></mj-text>')}<mjml-raw><div class="x">{{ data.x }}</mjml-raw>`
  const { html_body: html } = await rendered(mjml(document(inner.replace('<mj-x>', '')), alone), { x: 'belay-1-0-' })
  assert.match(html, /<p>One<br>Two&nbsp;<\/div>/)
  assert.match(html, /<div class="x">belay-1-0-/)
})

test('a document takes its place in a layout of MJML, with its head; a part of one needs no document', async () => {
  const head = '<mj-style>.own { color: red }</mj-style><mj-style inline="inline">.in { color: blue }</mj-style>'
  const inner = section('<mj-text css-class="in">One</mj-text>')
  for (const body of [document(inner, head), `<mj-raw><style>.own{}</style></mj-raw>${inner}`]) {
    const { html_body: html } = await rendered(mjml(body, { settings: { layout_key: 'default' } }))
    assert.match(html, /<title>Acme<\/title>/)
    assert.match(html, /One<\/div>[\s\S]*Footer<\/div>/)
    assert.match(html, /\.own/)
    assert.equal((html.match(/<body/g) ?? []).length, 1)
    assert.equal(/class="in"[^>]*color: ?blue|color: ?blue[^>]*class="in"/.test(html), body.startsWith('<mjml>'))
  }
  const missing = await rendered(mjml(inner, { settings: { layout_key: 'nowhere' } }))
  assert.match(missing.html_body, /^<!doctype html>[\s\S]*One/)
})

test('visual blocks and HTML stand in a layout of MJML wherever it has its content', async () => {
  const visual_blocks = [
    { type: 'markdown', content: 'Hello **{{ name }}**' },
    { type: 'html', content: section('<mj-text>Own</mj-text>') },
    { type: 'html', content: '<mj-divider border-color="#123456" />' },
    { type: 'button_set', buttons: [{ label: 'Go', action: 'https://a.example/{{ name }}' }] },
  ]
  for (const layout_key of ['default', 'column', 'text']) {
    const settings = { layout_key }
    const { html_body: html } = await rendered({ html_body: '<p>Just <i>HTML</p>', settings })
    assert.match(html, /<p>Just <i>HTML<\/p>[\s\S]*Footer/, layout_key)
    if (layout_key === 'text') continue
    const given = layout_key === 'default' ? visual_blocks : visual_blocks.toSpliced(1, 1)
    const { html_body, text_body } = await rendered({ visual_blocks: given, settings }, { name: 'Ada' })
    assert.match(
      html_body,
      /<strong>Ada<\/strong>[\s\S]*#123456[\s\S]*href="https:\/\/a\.example\/Ada"[\s\S]*Footer/,
      layout_key,
    )
    assert.doesNotMatch(html_body, /<mj-/, layout_key)
    assert.match(text_body!, /Hello Ada/)
  }
})

test('a preview text is hidden at the beginning, and an address that would run code leads nowhere', async () => {
  const inner = section('<mj-button href="{{ data.url }}">Go</mj-button>')
  const template = mjml(document(inner), { settings: { preview_text: 'Soon, {{ name }}' } })
  const { html_body: html } = await rendered(template, { url: 'javascript:alert(1)', name: '<Ada>' })
  assert.match(html, /<body[^>]*><div[^>]*><div style="display:none[^>]*>Soon, &lt;Ada&gt;/)
  assert.match(html, /<a href="#"/)
})

test('what is no MJML is refused at load, with its line; where Liquid decides, when a message is made', async () => {
  const cases: [string, RegExp][] = [
    [document('\n<mj-include path="/etc/passwd" />'), /mj-include, which reads a file: .*partials.*line:2, col:1/],
    [document('\n\n<mj-sektion></mj-sektion>'), /there is no component mj-sektion, line:3, col:1/],
    [document('<mj-section>'), /<\/mj-body> closes what is not open; <mj-section> is, line:1/],
    [document('<mj-section><mj-column><mj-text>x</mj-column></mj-section>'), /<mj-text> is not closed, line:1/],
    [document('<mj-section x=1></mj-section>'), /is not MJML/],
    [document(`${'<mj-wrapper>'.repeat(101)}${'</mj-wrapper>'.repeat(101)}`), /nested deeper than 100/],
    [document(`<!-- ${'x'.repeat(100_000)} -->`), /longer than 100000 characters/],
  ]
  for (const [body, reason] of cases) {
    const { leftOut } = await readFolder(folderOf(mjml(body, alone)))
    const [problem, ...more] = leftOut?.get('hello') ?? []
    assert.deepEqual([problem?.step, problem?.field, more], ['email_1', 'template.html_body', []], String(reason))
    assert.match(problem!.message, reason)
    const late = await loaded(
      mjml(`{% assign a = 1 %}${body.replace(/<(\/?)mj-(?:include|sektion)/g, '<$1mj-section')}`, alone),
    )
    if (!/include|sektion/.test(body)) assert.throws(() => of(late, {}), TemplateError)
  }
  const { leftOut } = await readFolder(folderOf(mjml(document(''), { settings: { layout_key: 'html' } })))
  assert.match(leftOut!.get('hello')![0]!.message, /names a layout of HTML: MJML stands in one of MJML, or in none/)
  const broken = { 'layouts/bad/layout.json': layout('<mjml><mj-body>{{ content }}<mj-foo /></mj-body></mjml>') }
  const { problems = [] } = await readFolder(folderOf(mjml(document(''), { settings: { layout_key: 'bad' } }), broken))
  assert.match(problems.map(({ message }) => message).join('\n'), /there is no component mj-foo/)
})

test('whatever a value holds, it makes no element and no component, and the compiler goes on working', async () => {
  const inner = section(
    '<mj-text css-class="{{ x }}">{{ x }}</mj-text><mj-image src="https://a.example/i.png" alt="{{ x }}" />',
  )
  const definition = await loaded(mjml(document(`${inner}<mj-raw>{{ x }}</mj-raw>`), alone))
  const plain = structureOf(of(definition, { x: 'x' }).html_body)
  const nasty = fc.stringMatching(/^[<>/"'&a-z -]{0,40}$/)
  const given = fc.oneof(
    fc.string(),
    nasty,
    fc.constantFrom('</mj-text><mj-raw>', '"><mj-text>', '-->', '{{ x }}', 'belay-'),
  )
  fc.assert(
    fc.property(given, (x) => {
      assert.deepEqual(structureOf(of(definition, { x: `a${x}` }).html_body), plain)
    }),
    { numRuns: 200 },
  )
})
