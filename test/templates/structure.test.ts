import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EmailContent, FeedContent } from '../../templates/content.ts'
import { renderStep } from '../../templates/render.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

const base = { type: 'channel' as const, ref: 'step_1', name: 'Step', next: null, channel: { key: 'c', id: 'c' } }
const content =
  '# {{ x }}\n\n{{ x }}\n\n- **{{ x }}** and _{{ x }}_ `{{ x }}`\n- [go](https://a.example/{{ x }} "{{ x }}")\n\n> {{ x }}\n\n' +
  '{% if x %}\n{{ x }}\n{% else %}\n{{ x }}\n{% endif %}\n\n| a | b |\n|---|---|\n| {{ x }} | 2 |\n\n<b title="{{ x }}">{{ x }}</b>'
const block = { type: 'markdown' as const, content }
const email = {
  ...base,
  channelType: 'email' as const,
  template: { subject: '{{ x }}', body: { visualBlocks: [block] }, textBody: null, attachmentKey: null },
}
const feed = {
  ...base,
  channelType: 'in_app_feed' as const,
  template: { markdownBody: content, actionUrl: null, actionButtons: [] },
}

/** The elements of HTML in their order, without what stands in them or in their attributes. */
const elements = (html: string) =>
  [...html.matchAll(/<(\/?[a-zA-Z][\w-]*)((?:\s+[\w-]+(?:="[^"]*")?)*)\s*\/?>/g)].map(
    ([, name, attributes]) => `${name!} ${(attributes ?? '').replace(/="[^"]*"/g, '').trim()}`,
  )

const markup = fc.constantFrom(
  '<b>',
  '"',
  "'",
  '> ',
  '# ',
  '---',
  '\n',
  '\r\n',
  '    ',
  '](',
  '[',
  '**',
  '`',
  '{{ x }}',
  '{% if %}',
  '<!--',
  '&lt;',
  '|',
  '-',
  'javascript:',
  '\ufdd0' + '0\ufdd2',
)
const value = fc
  .array(fc.oneof(markup, fc.string({ unit: 'grapheme', maxLength: 5 })), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''))

test('no value changes the elements of a message, or leaves its subject line', () => {
  const emailOf = (x: string) => renderStep(email, testScope({ data: { x } })).content as EmailContent
  const feedOf = (x: string) =>
    (renderStep(feed, testScope({ data: { x } })).content as FeedContent).blocks[0] as { rendered: string }
  const [mail, card] = [elements(emailOf('x').html_body), elements(feedOf('x').rendered)]
  assert.ok(mail.length > 30 && card.length > 20)
  fc.assert(
    fc.property(value, (x) => {
      const { html_body, subject_line } = emailOf(x)
      assert.deepEqual(elements(html_body), mail)
      assert.deepEqual(elements(feedOf(x).rendered), card)
      assert.doesNotMatch(subject_line, /[\r\n]/)
    }),
    { numRuns: 200 },
  )
})
