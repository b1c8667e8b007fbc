import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renderHttp, type HttpContent } from '../../channels/http/content.ts'
import { httpUrl } from '../../channels/http/http-request.ts'
import { assertListed } from '../../channels/http/request-sender.ts'
import type { HttpTemplate } from '../../channels/http/template.ts'
import { http } from '../../channels/http/type.ts'
import { NotSent } from '../../channels/sender.ts'
import { HostList } from '../../settings/host-list.ts'
import { Filler } from '../../templates/filler.ts'
import { SOURCE, takeWarnings } from '../../templates/scope.ts'
import { httpChannel as channel } from '../../testing/fixtures/http-channel.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

const KEY = 'sesame-0123456789'
const vars = {
  key: KEY,
  base: 'https://api.acme.example',
  host: 'api.acme.example',
  regions: { eu: 'https://eu.acme.example' },
}
const partials = {
  auth: { type: 'text' as const, content: 'Bearer {{ vars.key }}', lists: [], defaults: {} },
  host: { type: 'text' as const, content: '{{ name }}.acme.example', lists: [], defaults: {} },
}
const secret = [{ key: 'Authorization', value: 'Bearer {{ vars.key }}' }]

function render(url: string, data: Record<string, unknown>, more: Partial<HttpTemplate> = {}, tenant = {}) {
  const template: HttpTemplate = { method: 'post', url, headers: secret, queryParams: [], body: null, ...more }
  const scope = testScope({ data, library: { vars, partials }, tenant: { id: 't', properties: tenant } })
  scope[SOURCE]!.entities = { get: () => null }
  return { content: renderHttp(template, new Filler('hook', scope)), scope }
}
/** Why it is not sent; null: it is. */
function refusal(content: HttpContent, hosts?: HostList, to = channel()): string | null {
  try {
    assertListed(content, to, hosts)
    return null
  } catch (error) {
    assert.ok(error instanceof NotSent)
    return error.message
  }
}

test('a request with something of vars goes where data led it only if the host is listed', () => {
  const led: [url: string, data: Record<string, unknown>][] = [
    ['{{ data.url }}', { url: 'https://evil.example/x' }],
    ['{{ url }}', { url: 'https://evil.example/x' }],
    ['http://{{ data.host }}', { host: 'evil.example' }],
    ['https://api.acme.example{{ data.path }}', { path: '.evil.example/x' }],
    ['https://{{ data.sub }}.acme.example/x', { sub: 'evil.example/?' }],
    ['https://{{ data.sub }}.acme.example/x', { sub: 'evil.example\\' }],
    ['https://{{ data.sub }}.acme.example/x', { sub: 'evil.example#' }],
    ['{{ vars.base }}{{ data.path }}', { path: '.evil.example/x' }],
    ['{{ vars.base }}:{{ data.port }}/', { port: '8443' }],
    ['{{ data.scheme }}://api.acme.example/', { scheme: 'http' }],
    ['{% assign h = data.h %}https://{{ h }}/x', { h: 'evil.example' }],
    ['{% capture h %}{{ data.h }}{% endcapture %}https://{{ h }}/x', { h: 'evil.example' }],
    ["https://{% render 'host', name: data.n %}/x", { n: 'evil.example/' }],
    ['{% if data.u %}{{ data.u }}{% else %}https://api.acme.example/{% endif %}', { u: 'https://evil.example' }],
    ['{% for each in data.us %}{{ each }}{% endfor %}', { us: ['https://', 'evil.example'] }],
    ['{{ data.base | default: vars.base }}/x', { base: 'https://evil.example' }],
    ['{{ vars.base | replace: data.from, data.to }}/x', { from: 'api.acme', to: 'evil' }],
    ['{{ vars.regions[data.region] }}/x', { region: 'eu' }],
    ['{{ [data.name].url }}', { name: 'data', url: 'https://evil.example' }],
    ['  {{ data.a }}{{ data.b }}  ', { a: 'ht', b: 'tps:evil.example' }],
    ['https:{{ data.slashes }}', { slashes: '\\\\evil.example' }],
    ['https://{{ recipient.id }}.evil.example/', {}],
  ]
  for (const [url, data] of led) {
    const { content } = render(url, data)
    const { hostname } = new URL(content.url)
    assert.match(refusal(content) ?? `sent to ${hostname}`, /^url: data chose the host.*BELAY_HTTP_SECRET_HOSTS/, url)
    assert.doesNotMatch(refusal(content)!, /sesame/, url)
    assert.equal(refusal(content, new HostList([hostname])), null, url)
    assert.notEqual(refusal(content, new HostList(['other.example'])), null, url)
    assert.equal(refusal(content, undefined, channel({ secret_hosts: [hostname] })), null, url)
    assert.notEqual(refusal(content, HostList.every, channel({ secret_hosts: [] })), null, url)
  }
})

test('where the file or vars say the host, or data did not change it, no list is asked', () => {
  const own: [url: string, data: Record<string, unknown>][] = [
    ['https://api.acme.example', {}],
    ['https://api.acme.example/{{ data.path }}', { path: '@evil.example' }],
    ['https://api.acme.example?{{ data.path }}', { path: '.evil.example' }],
    ['HTTPS://API.acme.example/{{ data.a | user }}', { a: 'ada' }],
    ['{{ vars.base }}/{{ data.path }}', { path: '//evil.example' }],
    ['{{ vars.base }}{{ data.path }}', { path: '/v1' }],
    ['https://api.acme.example{{ data.path }}', { path: '\\v1' }],
    ['https://{{ vars.host }}/{{ data.path }}', { path: 'x' }],
    ["https://{% render 'host', name: 'api' %}/{{ data.path }}", { path: 'x' }],
    ['{% assign b = vars.base %}{{ b }}/{{ data.path }}', { path: 'x' }],
    ['{{ data.base | default: vars.base }}/x', {}],
    ['{{ data.a | user }}https://api.acme.example/', { a: 'ada' }],
  ]
  for (const [url, data] of own) {
    const { content } = render(url, data)
    assert.equal(new URL(content.url).hostname, 'api.acme.example', url)
    assert.equal(refusal(content), null, url)
    assert.equal('host_to_list' in content, false, url)
  }
})

test('vars are found wherever the request holds them, and a request without any goes where it likes', () => {
  const url = '{{ data.url }}'
  const data = { url: 'https://evil.example/', name: 'vars', field: 'key', yes: true }
  const plain = { headers: [] }
  const holding: Partial<HttpTemplate>[] = [
    {},
    { ...plain, body: '{{ vars.key }}' },
    { ...plain, body: '{{ vars | json }}' },
    { ...plain, body: '{{ [data.name][data.field] }}' },
    { ...plain, body: '{{ vars.key | slice: 0, 3 }}' },
    { ...plain, body: '{{ vars.key | sha256 }}' },
    { ...plain, body: '{% if vars.key == "x" %}a{% else %}{% if vars.key %}b{% endif %}{% endif %}' },
    { ...plain, queryParams: [{ key: 'k', value: '{% capture k %}{{ vars.key }}{% endcapture %}{{ k }}' }] },
    { headers: [{ key: 'Authorization', value: "{% render 'auth' %}" }] },
    { ...plain, url: '{{ data.url }}{{ vars.key }}' },
  ]
  for (const more of holding) assert.match(refusal(render(url, data, more).content) ?? 'sent', /evil\.example/)
  for (const body of [null, '{{ data | json }}', '{{ vars.branding.primary_color }}', 'vars.key', '{{ vars.none }}'])
    assert.equal(refusal(render(url, data, { headers: [], body }).content), null)
})

test('what a trigger shares of a text before is not taken for what it is without vars', () => {
  const data = { url: 'https://evil.example/' }
  const first = render('{{ data.url }}', data)
  const again = renderHttp(
    { method: 'post', url: '{{ data.url }}', headers: secret, queryParams: [], body: null },
    new Filler('hook', testScope({ data, library: { vars, partials } })),
  )
  assert.notEqual(refusal(first.content), null)
  assert.notEqual(refusal(again), null)
  assert.equal(again.headers[0]!.value, `Bearer ${KEY}`)
})

test('a tenant’s branding is what its data says, and a host that holds some of vars has no name in a reason', () => {
  const branding = { settings: { branding: { site: 'https://evil.example' } } }
  const { content } = render('{{ vars.branding.site }}/x', {}, {}, branding)
  assert.match(refusal(content) ?? 'sent', /evil\.example/)
  const named = render('https://{{ vars.key }}.{{ data.host }}/', { host: 'evil.example' }).content
  assert.doesNotMatch(refusal(named) ?? 'sent sesame', /sesame/)
  assert.match(refusal(named)!, /^url: data chose the host, /)
})

test('no answer and no preview shows what a request’s host was found to be, and nothing is warned of twice', () => {
  const { content, scope } = render('{{ data.url }}', { url: 'https://evil.example/' })
  assert.notEqual(content.host_to_list, undefined)
  assert.doesNotMatch(JSON.stringify(http.resource.data({ ...content })), /host_to_list/)
  assert.doesNotMatch(JSON.stringify(http.preview('hook', content)), /host_to_list/)
  assert.deepEqual(takeWarnings(scope), [])
})

test('whatever is sent, the secret goes to one origin that no data has a say in', () => {
  const pieces = fc.constantFrom(
    ...['https://', 'http:', '//', 'api.acme.example', '{{ vars.base }}', '{{ vars.host }}', '{{ data.a }}', '{{ b }}'],
    ...['/', '?', '#', '@', ':', '\\', '.', '\n', ' ', '\t', '{{ data.a | default: vars.base }}', '{% if data.b %}'],
    ...['{% assign a = data.b %}', '{{ a }}', '{% endif %}', '{{ recipient.id }}', '{{ data.a | append: vars.host }}'],
  )
  const values = fc.constantFrom(
    ...['', '/', 'https://evil.example', 'http://other.example:80', '.evil.example', '@evil.example', '\\evil.example'],
    ...['evil.example', ':8443', '#', '?', '\n', '%2e', '/../', 'x'],
  )
  const given = fc.record({ a: values, b: values })
  /** Where the secret would go without any list; null: nowhere. */
  const goesTo = (url: string, data: object): string | null => {
    try {
      const { content } = render(url, { ...data })
      return refusal(content) === null ? httpUrl(content.url, content.query).origin : null
    } catch {
      return null
    }
  }
  let sent = 0
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 8 }), given, given, (url, one, other) => {
      const origins = [goesTo(url.join(''), one), goesTo(url.join(''), other)].filter((origin) => origin !== null)
      sent += origins.length
      assert.ok(new Set(origins).size <= 1, origins.join(' and '))
    }),
    { numRuns: 4_000 },
  )
  assert.ok(sent > 20, `only ${sent} were sent`)
})
