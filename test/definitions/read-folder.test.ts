import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { problemLine } from '../../definitions/problem.ts'
import { readFolder } from '../../definitions/read-catalog.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'

const fine = workflow(feedStep('feed_1'))
const lines = async (folder: string) => ((await readFolder(folder)).problems ?? []).map(problemLine)

test('a definition that cannot be used is left out with every reason, and the others are read', async () => {
  const folder = notificationsFolder({
    'good/workflow.json': fine,
    'bad/workflow.json': `{
  "name": "Bad",
  "steps": [
    { "ref": "feed_1", "type": "channel", "channel_type": "in_app_feed",
      "template": { "markdown_body@": "body.md" } },
    { "ref": "feed_1", "type": "channel", "channel_type": "fax" }
  ]
}`,
    'bad/body.md': 'One\nTwo {% if x %}',
    'torn/workflow.json': '{\n  "steps": [\n',
  })
  const { definitions, leftOut } = await readFolder(folder)
  assert.deepEqual([...definitions.keys()], ['good'])
  assert.deepEqual([...leftOut!.keys()], ['bad', 'torn'])
  const told = await lines(folder)
  assert.equal(told.length, 4)
  assert.match(told[0]!, /^bad\/body\.md:2, step feed_1, template\.markdown_body: is not a Liquid template/)
  assert.match(told[1]!, /^bad\/workflow\.json:6, step feed_1, channel_type: "fax" is not supported/)
  assert.match(told[2]!, /^bad\/workflow\.json:6, step feed_1, ref: stands twice/)
  assert.match(told[3]!, /^torn\/workflow\.json:3: the file workflow\.json is not JSON/)
})

test('what uses a shared file that cannot be used is left out, and the mistake is told once', async () => {
  const feed = (ref: string, text: string) => workflow(feedStep(ref, text))
  const folder = notificationsFolder({
    'vars.json': '{ "app_url": }',
    'partials/torn/partial.json': { type: 'html' },
    'with-vars/workflow.json': feed('feed_1', '{{ vars.app_url }}'),
    'with-partial/workflow.json': feed('feed_1', "{% render 'torn' %}"),
    'without/workflow.json': fine,
  })
  const { definitions, leftOut, problems } = await readFolder(folder)
  assert.deepEqual([...definitions.keys()], ['without'])
  assert.match(problemLine(leftOut!.get('with-vars')![0]!), /needs vars\.json, which cannot be used/)
  assert.match(problemLine(leftOut!.get('with-partial')![0]!), /needs partials\/torn, which cannot be used/)
  assert.deepEqual(
    problems!.map(({ file }) => file),
    ['vars.json', 'partials/torn/partial.json'],
  )
})

test('channels.json concerns all: without it nothing is sent another way than its author meant', async () => {
  const files = { 'a-key/workflow.json': fine, 'channels.json': { mail: { type: 'fax' } } }
  const catalog = await readFolder(notificationsFolder(files))
  assert.deepEqual([[...catalog.definitions.keys()], catalog.withoutChannels], [[], true])
})

test('a Knock project is read where its knock.json points, on any system', async () => {
  const files = {
    'comments/workflow.json': workflow({ ...feedStep('feed_1'), template: { 'markdown_body@': 'feed_1\\body.md' } }),
    'comments/feed_1/body.md': 'Hello',
  }
  const inFolder = (prefix: string) =>
    Object.fromEntries(Object.entries(files).map(([name, content]) => [prefix + name, content]))
  const folders = [
    notificationsFolder({ 'knock.json': { knockDir: '.\\knock\\' }, ...inFolder('knock/workflows/') }),
    notificationsFolder({ 'knock.json': { knockDir: null }, ...inFolder('workflows/') }),
    notificationsFolder({ ...inFolder('workflows/'), 'guides/x/guide.json': {}, 'audiences/x/audience.json': {} }),
    notificationsFolder({ ...inFolder(''), 'guides/x/guide.json': {}, 'message-types/x/message_type.json': {} }),
  ]
  for (const folder of folders) {
    const { definitions, problems } = await readFolder(folder)
    assert.deepEqual([[...definitions.keys()], problems], [['comments'], undefined])
  }
  const outside = notificationsFolder({ 'knock.json': { knockDir: '../..' }, ...inFolder('') })
  assert.match((await problemsOf(outside))[0]!.message, /within this one/)
  const torn = notificationsFolder({ 'knock.json': { knockDir: 'knock' }, 'knock/workflows/torn/workflow.json': '{' })
  assert.match((await lines(torn))[0]!, /^knock\/workflows\/torn\/workflow\.json:1: /)
})

const check = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'definitions/main.ts', 'check', ...args], { encoding: 'utf8' })

test('check tells all mistakes of all files in one run and exits with 1, or with 0 where there are none', () => {
  const bad = check(notificationsFolder({ 'one/workflow.json': '{', 'two/workflow.json': { steps: [] } }))
  assert.equal(bad.status, 1, bad.stderr)
  assert.match(bad.stdout, /^one\/workflow\.json:1: .*\ntwo\/workflow\.json:1, steps: must have at least one step\n/)
  const good = check(notificationsFolder({ 'one/workflow.json': fine }))
  assert.deepEqual([good.status, good.stdout], [0, '1 definitions can be used; 0 mistakes\n'])
})

test('check of a folder in which there is no workflow exits with 1 and says what such a folder looks like', () => {
  const said = (folder: string) => {
    const { status, stderr, stdout } = check(folder)
    assert.deepEqual([status, stdout], [1, ''], folder)
    return stderr.trim()
  }
  const empty = notificationsFolder({ 'README.md': 'Hello' })
  const looks = 'it holds a folder for each workflow, with a workflow.json in it'
  assert.equal(said(empty), `there is no workflow in ${empty}: ${looks}`)
  const project = notificationsFolder({ 'workflows/README.md': 'Hello' })
  assert.equal(said(project), `there is no workflow in ${project}/workflows: ${looks}`)
  const one = `${notificationsFolder({ 'hello/workflow.json': fine, 'hello/feed_1/body.md': 'Hello' })}/hello`
  assert.equal(said(one), `${one} is one workflow: name the folder that it stands in, or its project`)
})

test('check takes one folder, and refuses what it would not look at', () => {
  const [first, second] = [1, 2].map(() => notificationsFolder({ 'hello/workflow.json': fine }))
  const { status, stdout, stderr } = check(first!, second!)
  assert.deepEqual([status, stdout], [1, ''])
  assert.ok(stderr.startsWith(`${second} is one too many: check takes one folder\n`), stderr)
})

test('a file that is no JSON is told by the line of its fault, in one line', async () => {
  const cases: [file: string, text: string, told: RegExp][] = [
    [
      'hello/workflow.json',
      '{\n  "steps": [\n    {},\n  ],\n  "name": "x"\n}\n',
      /^hello\/workflow\.json:4: .* value .* "\]"$/,
    ],
    [
      'hello/workflow.json',
      '{\n  "name": "x",\n  "steps": {{ data.x }}\n}\n\n',
      /^hello\/workflow\.json:3: .* before "\{"$/,
    ],
    ['vars.json', '{\n  "app_url": ,\n  "b": 1\n}\n', /^vars\.json:2: .* a value is missing before ","$/],
    ['translations/en/en.json', '{\n  "a": "A",\n}\n', /^translations\/en\/en\.json:3: .* name .* before "\}"$/],
  ]
  for (const [file, text, expected] of cases) {
    const told = await lines(notificationsFolder({ 'other/workflow.json': fine, [file]: text }))
    assert.equal(told.length, 1, told.join('\n'))
    assert.match(told[0]!, expected)
    assert.ok(!told[0]!.includes('\n'))
  }
})
