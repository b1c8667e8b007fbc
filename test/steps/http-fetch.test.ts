import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { after, test } from 'node:test'
import { HostList } from '../../settings/host-list.ts'
import { claimRows } from '../../store/recipient-runs/claims.ts'
import { readAnswer } from '../../steps/http-fetch/answer.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { accept, cancel, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { catalogOfFiles, startWalk, type Walked } from '../../testing/fixtures/walked.ts'
import { MortalStore } from '../../testing/oracle/mortal.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { httpReceiver, type ReceivedRequest } from '../../testing/servers/http-receiver.ts'
import { actLane } from '../../workflows/lane-name.ts'

type Answer = (response: ServerResponse, request: ReceivedRequest) => void
const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(value))
let answer: Answer = json({})
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
const server = await httpReceiver((response, request) => answer(response, request))
after(() => server.close())

const feed = (body: string) => ({
  ref: 'feed_1',
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: body },
})
const fetchStep = (settings: object, more: object = {}) => ({
  ref: 'fetch_1',
  type: 'http_fetch',
  settings: { method: 'get', url: `${server.url}/{{ recipient.id }}`, ...settings },
  ...more,
})
process.env['BELAY_TEST_FETCH_KEY'] = 'sesame'

const catalog = await catalogOfFiles(
  {
    plain: {
      steps: [
        fetchStep({
          headers: [{ key: 'X-Api-Key', value: '{{ vars.key }}' }],
          query_params: [{ key: 'q', value: '{{ data.q }}' }],
        }),
        feed('{{ data.name }} {{ data.q }}'),
      ],
    },
    signed: {
      steps: [
        fetchStep({
          method: 'post',
          headers: '{"X-A": "{{ data.a }}", "X-N": 3}',
          query_params: '{"b": "{{ data.b }}"}',
          body: '{"ids": {{ data.ids | json }}}',
          response_path: 'account.owner',
          signing_key: '{{ vars.key }}',
        }),
        feed('{{ data.account.owner.name }} of {{ data.account.id }}'),
      ],
    },
    guarded: {
      steps: [
        fetchStep({}, { conditions: { all: [{ variable: 'data.fetch', operator: 'equal_to', argument: true }] } }),
        feed('Hi'),
      ],
    },
    led: { steps: [fetchStep({ url: '{{ data.url }}', headers: [{ key: 'X-Api-Key', value: '{{ vars.key }}' }] })] },
    led_signed: { steps: [fetchStep({ url: '{{ data.url }}', signing_key: 'a key of the file' })] },
    keyless: { steps: [fetchStep({ signing_key: '{{ vars.none }} ' })] },
    named: { steps: [fetchStep({ method: 'post', body: '{"name": "{{ data.name }}"}', signing_key: 'k' })] },
    form: {
      steps: [
        fetchStep({
          method: 'post',
          headers: [{ key: 'Content-Type', value: 'application/x-www-form-urlencoded' }],
          body: 'name={{ data.name }}',
        }),
      ],
    },
    blank: { steps: [fetchStep({ method: 'post', body: ' {{ data.none }} ' })] },
    gets: { steps: [fetchStep({ body: '{"left": "over"}' })] },
    led_bare: { steps: [fetchStep({ url: '{{ data.url }}' })] },
    twice: { steps: [fetchStep({}), fetchStep({}, { ref: 'fetch_2' })] },
    alone: { steps: [fetchStep({ method: 'post', body: '{{ data | json }}' })] },
  },
  { 'vars.json': { key: '$BELAY_TEST_FETCH_KEY' } },
)
const noon = Date.parse('2030-05-01T12:00:00Z')
const at = (seconds: number) => noon + seconds * 1_000

onEachStore(catalog, (store) => {
  const start = (key: string, data: Record<string, string | boolean | number[] | object> = {}, recipient = 'ada') =>
    startWalk(store(), catalog, key, { recipient, data: data as Record<string, string>, now: noon })
  const bodyOf = async (walked: Walked) => JSON.stringify((await walked.messages()).map(({ content }) => content))

  test('a fetch lays what it is answered over the data, and later steps see it', async () => {
    answer = json({ name: 'Ada', q: 'new' }, 201)
    const walked = await start('plain', { q: 'a b' })
    assert.deepEqual(await walked.made(), [])
    await walked.act()
    const { url, headers, method } = server.requests.at(-1)!
    assert.deepEqual([method, url, headers['x-api-key']], ['GET', '/ada?q=a+b', 'sesame'])
    assert.match(await bodyOf(walked), /Ada new/)
    assert.equal((await walked.row()).status, 'ended')
    assert.deepEqual(await walked.events(), [['fetch_1', 'step_decided', { status: 201 }]])
  })

  test('a number that no double holds is kept as the text of its digits', async () => {
    answer = (response) => response.end('{"name":1234567890123456789,"q":-1e999,"kept":[0.1,2e3]}')
    const walked = await start('plain', { q: 'a' })
    await walked.act()
    assert.match(await bodyOf(walked), /1234567890123456789 -1e999/)
    const kept = { name: '1234567890123456789', q: '-1e999', kept: [0.1, 2_000] }
    assert.deepEqual((await walked.row()).state?.['$data'], kept)
  })

  test('a response_path says where the answer goes, a signing key signs the body, and a template makes headers', async () => {
    answer = json({ name: 'Grace' })
    const walked = await start('signed', { a: '1', b: 'x y', ids: [1, 2], account: { id: 'acme', owner: { id: 7 } } })
    await walked.act()
    const { url, headers, body } = server.requests.at(-1)!
    assert.deepEqual([url, headers['x-a'], headers['x-n'], body], ['/ada?b=x+y', '1', '3', '{"ids": [1,2]}'])
    const [, t, s] = /^t=(\d+),s=(.+)$/.exec(headers['x-knock-signature'] as string)!
    assert.equal(s, createHmac('sha256', 'sesame').update(`${t}.${body}`).digest('base64'))
    assert.match(await bodyOf(walked), /Grace of acme/)
    assert.deepEqual((await walked.row()).state?.['$data'], {
      account: { id: 'acme', owner: { id: 7, name: 'Grace' } },
    })
  })

  test('204 without a body changes nothing, and a step whose conditions do not hold asks nobody', async () => {
    answer = (response) => response.writeHead(204).end()
    const walked = await start('guarded', { fetch: true })
    await walked.act()
    assert.deepEqual(await walked.made(), ['feed_1'])
    const before = server.requests.length
    assert.deepEqual(await (await start('guarded', { fetch: false })).made(), ['feed_1'])
    assert.equal(server.requests.length, before)
  })

  test('a 500 is tried again after 30 and 60 seconds, with the same key, and then fails the run', async () => {
    answer = json({ error: 'down' }, 503)
    const walked = await start('plain')
    await walked.act(at(0))
    assert.deepEqual([(await walked.row()).due, (await walked.row()).status], [at(30), 'waiting'])
    await walked.act(at(30))
    assert.equal((await walked.row()).due, at(90))
    await walked.act(at(90))
    const { status, errorCount } = await walked.row()
    assert.deepEqual([status, errorCount, await walked.made()], ['ended', 1, []])
    const keys = server.requests.slice(-3).map(({ headers }) => headers['idempotency-key'])
    assert.equal(new Set(keys).size, 1)
    const events = await walked.events()
    assert.deepEqual(
      events.map(([, event]) => event),
      ['step_retried', 'step_retried', 'step_failed'],
    )
    assert.match(JSON.stringify(events), /answered 503/)
  })

  test('a server that breaks off is tried again, and what it says then counts', async () => {
    answer = (response) => response.destroy()
    const walked = await start('plain', { q: '' })
    await walked.act(at(0))
    answer = json({ name: 'Ada' })
    await walked.act(at(30))
    assert.match(await bodyOf(walked), /Ada/)
  })

  test('anything else fails the run at once, and says why', async () => {
    const cases: [Answer, RegExp][] = [
      [json({ error: 'gone' }, 404), /answered 404/],
      // The secret that went out in a header; it would be cut in two where the reason ends.
      [
        json({ a: 'sesame', b: 'x'.repeat(160), c: 'sesame' }, 403),
        /answered 403 .{1,20}\[hidden\].{1,20}x{160}.{1,20}\[hidden\]/,
      ],
      [(response) => response.writeHead(200).end('sesame'), /answered no JSON: \[hidden\]/],
      [(response) => response.writeHead(302, { location: '/x' }).end(), /answered 302/],
      [(response) => response.writeHead(200).end('<html>'), /answered no JSON/],
      [(response) => response.writeHead(200).end(Buffer.from('{"id":"j\xf6rg"}', 'latin1')), /not UTF-8/],
      // Too deep for the store, and JSON all the same.
      [json({ deep: nested(101) }), /"answered JSON that is nested more than 100 levels deep"/],
      [json([1, 2]), /no object: give the step a response_path/],
      [json({ much: 'x'.repeat(300_000) }), /more than 262144 bytes/],
    ]
    for (const [given, reason] of cases) {
      answer = given
      const walked = await start('plain')
      await walked.act()
      const [[, event, data] = []] = await walked.events()
      assert.equal(event, 'step_failed')
      assert.match(JSON.stringify(data), reason)
      assert.deepEqual([(await walked.row()).errorCount, await walked.made()], [1, []])
    }
    const walked = await start('signed', { a: 'two\nlines' })
    await walked.act()
    assert.match(JSON.stringify(await walked.events()), /headers must render as a JSON object/)
  })

  test('a signing key that renders as nothing fails the run, since anybody can sign with the empty key', async () => {
    answer = json({})
    const before = server.requests.length
    const walked = await start('keyless')
    await walked.act()
    const reason = 'signing_key renders as nothing, and anybody can sign with an empty key'
    assert.deepEqual(await walked.events(), [['fetch_1', 'step_failed', { reason, fault: 'workflow' }]])
    assert.deepEqual([(await walked.row()).errorCount, server.requests.length], [1, before])
  })

  test('a body that renders as no JSON fails the run and shows nothing of it, unless a content-type says what else it is', async () => {
    answer = json({})
    const before = server.requests.length
    const broken = await start('named', { name: 'O"Neil' })
    await broken.act()
    const reason = 'body renders as no JSON (line 1, column 13), and no content-type among the headers says what it is'
    assert.deepEqual(await broken.events(), [['fetch_1', 'step_failed', { reason, fault: 'workflow' }]])
    assert.equal(server.requests.length, before)
    const sent = async (key: string, data = {}) => {
      await (await start(key, data)).act()
      const { headers, body } = server.requests.at(-1)!
      return [headers['content-type'], body]
    }
    assert.deepEqual(await sent('named', { name: 'Ada' }), ['application/json', '{"name": "Ada"}'])
    assert.deepEqual(await sent('form', { name: 'O"Neil' }), ['application/x-www-form-urlencoded', 'name=O"Neil'])
    assert.deepEqual(await sent('blank'), [undefined, ''])
    assert.deepEqual(await sent('gets'), [undefined, ''])
    assert.equal(server.requests.length, before + 4)
  })

  test('where data chose the host, secrets and signatures go to one that is listed, and elsewhere the run fails and says why', async () => {
    answer = json({})
    const reasonOf = async (key: string, secretHosts?: HostList, url = `${server.url}/led`) => {
      const walked = await startWalk(store(), catalog, key, {
        data: { url },
        now: noon,
        ...(secretHosts && { secretHosts }),
      })
      const before = server.requests.length
      await walked.act()
      const [[, event, data] = []] = await walked.events()
      const { status, errorCount } = await walked.row()
      assert.equal(status, 'ended')
      if (event !== 'step_failed') return server.requests.length - before
      assert.deepEqual([errorCount, server.requests.length], [1, before])
      return (data as { reason: string }).reason
    }
    for (const key of ['led', 'led_signed'])
      for (const hosts of [undefined, HostList.none, new HostList(['other.example', '10.0.0.0/8'])]) {
        const reason = String(await reasonOf(key, hosts))
        assert.match(
          reason,
          /^url: data chose the host 127\.0\.0\.1, .* list 127\.0\.0\.1, .* in BELAY_HTTP_SECRET_HOSTS/,
        )
        assert.doesNotMatch(reason, /sesame|a key of the file/)
        // What a trim takes off and a URL would not.
        assert.match(String(await reasonOf(key, hosts, `\u00a0\n${server.url}/led`)), /^url: data chose/)
      }
    for (const key of ['led', 'led_signed']) assert.equal(await reasonOf(key, new HostList(['127.0.0.1'])), 1)
    assert.equal(await reasonOf('led_bare'), 1)
  })

  test('a cancel in the backoff takes the run back', async () => {
    answer = json({}, 500)
    const key = randomUUID()
    const walked = await startWalk(store(), catalog, 'plain', { now: noon, key })
    await walked.act(at(0))
    const { verdict } = await cancel(store(), catalog.definitions.get('plain')!, key)
    assert.deepEqual(verdict.summary.canceled, 1)
    const before = server.requests.length
    await walked.act(at(30))
    assert.equal(server.requests.length, before)
  })

  test('a cancel during the fetch names it as in flight, and nothing comes after it', async () => {
    const key = randomUUID()
    const walked = await startWalk(store(), catalog, 'plain', { now: noon, key })
    let inFlight: unknown
    answer = (response) => {
      void cancel(store(), catalog.definitions.get('plain')!, key).then(({ verdict }) => {
        inFlight = [verdict.recipients[0]!.outcome, verdict.recipients[0]!.runs[0]!.in_flight]
        response.end('{"name": "Ada"}')
      })
    }
    await walked.act()
    assert.deepEqual(inFlight, ['canceled', ['fetch_1']])
    assert.deepEqual([(await walked.row()).status, await walked.made()], ['canceled', []])
  })

  test('a fetch that fails after its run was canceled says so, and promises no other try', async () => {
    const key = randomUUID()
    const walked = await startWalk(store(), catalog, 'plain', { now: noon, key })
    answer = (response) => {
      void cancel(store(), catalog.definitions.get('plain')!, key).then(() => response.writeHead(500).end('down'))
    }
    await walked.act()
    assert.equal((await walked.row()).status, 'canceled')
    const [[, event, data] = [], ...more] = await walked.events()
    assert.deepEqual([event, data, more], ['step_failed', { reason: 'answered 500 down', fault: 'workflow' }, []])
  })

  test('what a worker that died had begun is begun anew once its lease is over', async () => {
    answer = json({ name: 'Ada' })
    const walked = await start('plain')
    const row = await walked.row()
    const lease = { now: at(0), leaseUntil: at(60) }
    assert.deepEqual(await claimRows(store(), [{ ...row, claim: null }], 'another worker', lease), new Set([row.id]))
    const before = server.requests.length
    await walked.act(at(59))
    assert.equal(server.requests.length, before)
    await walked.act(at(60))
    assert.match(await bodyOf(walked), /Ada/)
  })

  test('a worker that stood still until another had its chunk walks on no earlier than the run was told to look', async () => {
    const version = catalog.definitions.get('plain')!
    const { rows, workflowId } = await accept(store(), version, randomUUID(), ['ada'], { acceptedAt: noon })
    let clock = noon
    const [worker, other] = [1, 2].map(() => new TestWorker(store(), undefined, () => clock)) as [
      TestWorker,
      TestWorker,
    ]
    await worker.advance(workflowId, rows)
    const act = async (by: TestWorker) => by.act(workflowId, actLane('http_fetch'), rows, 2)
    let told: number | undefined
    answer = (response) => {
      clock += 10_000
      void act(other).then(({ asleep }) => {
        told = asleep[0]!.due
        response.end('{"name": "Ada"}')
      })
    }
    await act(worker)
    const { phase, due } = await rowNow(store(), rows[0]!)
    assert.deepEqual([phase, due], ['enter', told])
  })

  test('a step that was loaded as free is not taken over from who has claimed it since, though that lease is over', async () => {
    const { id, revision } = await (await start('plain')).row()
    const free = { id, revision, batchId: null, claim: null }
    const held = { ...free, claim: 'another worker' }
    const mine = { now: at(60), leaseUntil: at(120) }
    await claimRows(store(), [free], 'another worker', { now: at(0), leaseUntil: at(60) })
    assert.deepEqual(await claimRows(store(), [free], 'mine', mine), new Set())
    assert.deepEqual(await claimRows(store(), [{ ...free, claim: 'a third' }], 'mine', mine), new Set())
    assert.deepEqual(await claimRows(store(), [held], 'mine', mine), new Set([id]))
  })

  test('a worker that lost its lease before it read what it had claimed does nothing for the step after it', async () => {
    const version = catalog.definitions.get('twice')!
    const key = randomUUID()
    const { rows, workflowId } = await accept(store(), version, key, ['ada'], { acceptedAt: noon })
    let clock = noon
    const own = new MortalStore(store())
    const worker = new TestWorker(own.db, undefined, () => clock)
    const other = new TestWorker(store(), undefined, () => clock)
    await worker.advance(workflowId, rows)
    answer = json({ name: 'Ada' })
    const before = server.requests.length
    const meanwhile = async () => {
      assert.equal((await rowNow(store(), rows[0]!)).status, 'claimed')
      clock = at(60)
      await other.act(workflowId, actLane('http_fetch'), rows, 2)
      await other.advance(workflowId, rows, 3)
      assert.deepEqual([(await rowNow(store(), rows[0]!)).step, server.requests.length], [1, before + 1])
      const { verdict } = await cancel(store(), version, key)
      assert.deepEqual(verdict.recipients[0]!.runs[0]!.in_flight, [])
    }
    // Its triggers, its rows and its claims come first.
    own.interjection = { after: 3, work: meanwhile }
    await worker.act(workflowId, actLane('http_fetch'), rows, 2)
    assert.deepEqual([own.interjection, server.requests.length], [undefined, before + 1])
  })

  test('what a worker that died had begun ends as canceled if a cancel came meanwhile', async () => {
    const key = randomUUID()
    const walked = await startWalk(store(), catalog, 'plain', { now: noon, key })
    await claimRows(store(), [{ ...(await walked.row()), claim: null }], 'another worker', {
      now: at(0),
      leaseUntil: at(60),
    })
    await cancel(store(), catalog.definitions.get('plain')!, key)
    const before = server.requests.length
    await walked.act(at(60))
    assert.deepEqual([(await walked.row()).status, server.requests.length], ['canceled', before])
  })

  test('what a worker that lives did for a canceled run is recorded, though its lease ran out while the store was away', async () => {
    const key = randomUUID()
    const walked = await startWalk(store(), catalog, 'plain', { now: noon, key })
    const own = new MortalStore(store())
    const other = new TestWorker(own.db, undefined, () => at(60))
    // Long enough that the first look is through before the second, on a busy machine too.
    other.lookAgainMs = 3_000
    const asked = new Promise<ServerResponse>((resolve) => (answer = resolve))
    const acts = walked.act()
    const response = await asked
    await cancel(store(), catalog.definitions.get('plain')!, key)
    const looks = other.act(walked.workflowId, actLane('http_fetch'), [walked.id], 2)
    await own.quiet()
    const finish = async () => {
      response.writeHead(500).end('down')
      await acts
    }
    // Between its two looks.
    own.interjection = { after: 0, work: finish }
    await looks
    await own.interject()
    const events = await walked.events()
    assert.deepEqual([(await walked.row()).status, events.map(([, event]) => event)], ['canceled', ['step_failed']])
  })

  test('an answer as large as may be is kept, and not in every hand-out', async () => {
    answer = json({ much: 'x'.repeat(200_000), name: 'Ada' })
    const walked = await start('plain')
    await walked.act()
    assert.match(await bodyOf(walked), /Ada/)
    assert.equal((await walked.row()).state, null)
  })

  test('a fetch that is the last step is asked for like any other', async () => {
    answer = json({ ok: true })
    const walked = await start('alone', { a: 1 as unknown as string })
    await walked.act()
    assert.equal(server.requests.at(-1)!.body, '{"a":1}')
    assert.equal((await walked.row()).status, 'ended')
  })
})

test('fetches that cannot work are refused, each with its field', async () => {
  const refused = async (settings: object) => {
    const steps = [fetchStep(settings), feed('Hi')]
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps } }))
    return problems.map(({ step, field, message }) => `${step} ${field}: ${message}`).join('; ')
  }
  assert.match(await refused({ method: 'head' }), /fetch_1 settings.method: must be one of get/)
  assert.match(await refused({ url: '' }), /settings.url: must not be empty/)
  assert.match(await refused({ body: '{{ data.x' }), /settings.body: is not a Liquid/)
  assert.match(await refused({ response_path: 'a..b' }), /settings.response_path: must be names with dots/)
  assert.match(await refused({ headers: [{ key: 'Host', value: 'x' }] }), /settings.headers/)
})

test('a body without Liquid is JSON, unless a content-type may say what else it is', async () => {
  const refused = async (settings: object) => {
    const steps = [fetchStep({ method: 'post', body: '{a:1}', ...settings }), feed('Hi')]
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps } }))
    return problems.map(({ field, message }) => `${field}: ${message}`)
  }
  const problem =
    'settings.body: must be JSON, since no content-type among the headers says what else it is: a name or "}" is missing ' +
    'before "a", line:1, col:2'
  assert.deepEqual(await refused({}), [problem])
  assert.deepEqual(await refused({ headers: [{ key: 'accept', value: '*/*' }] }), [problem])
  assert.deepEqual(await refused({ headers: '{"accept": "*/*"}' }), [problem])
  for (const headers of [
    [{ key: 'Content-Type', value: 'text/x' }],
    '{"content-type": "text/x"}',
    '{{ data.headers }}',
  ])
    assert.deepEqual(await refused({ headers }), [])
  for (const body of ['{"a":1}', '3', '{{ data.a }}', '', null]) assert.deepEqual(await refused({ body }), [])
})

test('what is wrong within a list of headers or query parameters is told where it stands', async () => {
  const refused = async (settings: object) => {
    const steps = [fetchStep(settings), feed('Hi')]
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps } }))
    return problems.map(({ field, message }) => `${field}: ${message}`)
  }
  const headers = [{ key: 'X-A', value: null }, { key: 'Host', value: '{{' }, 7]
  const [first, second, third, fourth] = await refused({ headers })
  assert.equal(first, 'settings.headers[0].value: must be a text')
  assert.equal(second, 'settings.headers[1].key: is set by Belay')
  assert.match(third!, /^settings\.headers\[1\]\.value: is not a Liquid template/)
  assert.equal(fourth, 'settings.headers[2]: must be an object')
  const query_params = [{ key: 'n', value: 5 }, { value: 'x' }]
  assert.deepEqual(await refused({ query_params }), [
    'settings.query_params[0].value: must be a text',
    'settings.query_params[1].key: is required',
  ])
  assert.deepEqual(await refused({ headers: 7 }), ['settings.headers: must be a list or a text'])
  assert.deepEqual(await refused({ headers: { 'X-A': 'b' } }), ['settings.headers: must be a list or a text'])
  assert.match((await refused({ headers: '[]' }))[0]!, /^settings\.headers: must render as a JSON object/)
  for (const none of [null, '', [], {}]) assert.deepEqual(await refused({ headers: none }), [])
})

test('a body of a get is left out, with a warning', async () => {
  const { warnings = [] } = await catalogOfFiles({ hello: { steps: [fetchStep({ body: '{a:1}' }), feed('Hi')] } })
  assert.deepEqual(
    warnings.map((each) => each.replace(/^.*settings/, 'settings')),
    ['settings.body: is ignored: a get has none'],
  )
})

test('a response_path leads through a list by its places, and never in the place of what it cannot lead through', () => {
  const answered = (path: string, data: JsonObject) =>
    readAnswer(
      { status: 200, headers: {}, body: '{"b":2}', isWhole: true, isUtf8: true, retryAfterMs: undefined },
      path.split('.'),
      data,
    )
  const list = [{ x: { a: 1 } }, 'kept']
  assert.deepEqual(answered('list.0.x', { list }), { data: { list: [{ x: { a: 1, b: 2 } }, 'kept'] } })
  assert.deepEqual(answered('list.1', { list }), { data: { list: [{ x: { a: 1 } }, { b: 2 }] } })
  assert.deepEqual(answered('list', { list }), { data: { list: { b: 2 } } })
  assert.deepEqual(answered('new.0.x', {}), { data: { new: { 0: { x: { b: 2 } } } } })
  const lost = (path: string, what: string) => ({
    problem: `response_path ${path} leads through data.list, a list that has no place ${what}`,
    again: false,
  })
  assert.deepEqual(answered('list.2.x', { list }), lost('list.2.x', '2'))
  assert.deepEqual(answered('list.name', { list }), lost('list.name', 'name'))
  assert.deepEqual(answered('list.1.x', { list }), {
    problem: 'response_path list.1.x leads through data.list.1, which holds a value and would be lost',
    again: false,
  })
  for (const order of ['o1', 0, false])
    assert.deepEqual(answered('order.details', { order }), {
      problem: 'response_path order.details leads through data.order, which holds a value and would be lost',
      again: false,
    })
  for (const order of [null, ''])
    assert.deepEqual(answered('order.details', { order }), { data: { order: { details: { b: 2 } } } })
  assert.deepEqual(answered('order', { order: 'o1' }), { data: { order: { b: 2 } } })
})
