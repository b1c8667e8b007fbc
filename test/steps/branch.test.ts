import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CohortStep } from '../../definitions/step.ts'
import { versionOf } from '../../definitions/version.ts'
import { cohortOf } from '../../steps/random-cohort/kind.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feed = (ref: string) => ({
  ref,
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: 'Hi' },
})
const when = (variable: string, argument: unknown) => ({
  conditions: { all: [{ variable, operator: 'equal_to', argument }] },
})
const branch = (ref: string, ...branches: object[]) => ({ ref, type: 'branch', branches })
const inner = branch(
  'branch_2',
  { name: 'B', ...when('data.b', true), steps: [feed('b')] },
  { name: 'Default', steps: [] },
)
const nested = branch(
  'branch_1',
  { name: 'Stop', terminates: true, ...when('data.stop', true), steps: [feed('stop')] },
  { name: 'Nothing', terminates: true, ...when('data.nothing', true), steps: [] },
  { name: 'Default', default: true, conditions: {}, steps: [feed('standard')] },
  { name: 'A', ...when('data.a', true), steps: [feed('a'), inner] },
)
const cohort = (name: string, percentage: string) => ({ name, percentage, steps: [feed(name)] })
const experiment = {
  ref: 'experiment_1',
  type: 'random_cohort',
  cohort_key: 'data.account',
  cohort_branches: [cohort('x', '50'), cohort('y', '49.9'), cohort('z', '0.1')],
}

const halves = (ref: string) => ({
  ...experiment,
  ref,
  cohort_branches: ['x', 'y'].map((name) => cohort(`${ref}_${name}`, '50')),
})

const read = await catalogOfFiles({
  nested: { steps: [nested, feed('after')] },
  experiment: { steps: [experiment, feed('after')] },
  bare: { steps: [{ ...halves('bare'), cohort_key: 'account' }, feed('after')] },
  halves: { steps: [halves('one'), halves('two')] },
  blank: { steps: [{ ...halves('blank'), cohort_key: '{{ data.account }}' }] },
})

/** As it was kept before a key of one name was read from the data. */
const { definition: bare } = read.definitions.get('bare')!
const [choice, ...others] = bare.steps
const former = { ...bare, key: 'former', steps: [{ ...(choice as CohortStep), cohortKey: 'account' }, ...others] }
const catalog = { ...read, definitions: new Map([...read.definitions, ['former', versionOf(former)]]) }

onEachStore(catalog, (store) => {
  test('a walk takes the first branch that holds, and joins the steps after it unless the branch ends the run', async () => {
    const cases: [object, string[]][] = [
      [{}, ['standard', 'after']],
      [{ stop: true, a: true }, ['stop']],
      [{ nothing: true }, []],
      [{ a: true }, ['a', 'after']],
      [{ a: true, b: true }, ['a', 'b', 'after']],
    ]
    for (const [data, made] of cases) {
      const walked = await startWalk(store(), catalog, 'nested', { data: { ...data } })
      assert.deepEqual(await walked.made(), made, JSON.stringify(data))
      assert.equal((await walked.row()).status, 'ended')
    }
  })

  test('which branch was taken, and why, is told by an event', async () => {
    const walked = await startWalk(store(), catalog, 'nested', { data: { a: true } })
    const [first, second] = await walked.events()
    assert.deepEqual([first?.[0], first?.[1], first?.[2]['branch']], ['branch_1', 'step_decided', 'A'])
    assert.match(JSON.stringify(first?.[2]), /"variable":"data.a"/)
    assert.deepEqual([second?.[0], second?.[2]['branch']], ['branch_2', 'Default'])
    const [passed] = second![2]['passed_over'] as { branch: string; conditions: { result: boolean } }[]
    assert.deepEqual([passed?.branch, passed?.conditions.result], ['B', false])
  })

  test('a key is in a cohort of one step, whatever cohort of another it is in', async () => {
    const pairs = new Set<string>()
    for (let n = 0; n < 16; n += 1) {
      const walked = await startWalk(store(), catalog, 'halves', { data: { account: `account ${n}` } })
      pairs.add((await walked.made()).join(' '))
    }
    assert.deepEqual([...pairs].sort(), ['one_x two_x', 'one_x two_y', 'one_y two_x', 'one_y two_y'])
  })

  test('a key of one name is a field of the data: accounts are in different cohorts, and each always in its own', async () => {
    const madeFor = async (account: string) =>
      (await (await startWalk(store(), catalog, 'bare', { data: { account } })).made()).join(' ')
    const first = []
    for (let n = 0; n < 12; n += 1) first.push(await madeFor(`account ${n}`))
    assert.deepEqual([...new Set(first)].sort(), ['bare_x after', 'bare_y after'])
    assert.equal(await madeFor('account 0'), first[0])
  })

  test('a key that gives white space alone is none: the recipient counts; in any other it counts as it stands', async () => {
    const madeFor = async (recipient: string, account: string) =>
      (await (await startWalk(store(), catalog, 'blank', { recipient, data: { account } })).made()).join(' ')
    const taken = new Set<string>()
    for (let n = 0; n < 12; n += 1) taken.add(await madeFor(`user ${n}`, ' '))
    assert.deepEqual([...taken].sort(), ['blank_x', 'blank_y'])
    const index = cohortOf('blank blank engines ', [{ share: 500 }, { share: 500 }])
    assert.equal(await madeFor('ada', 'engines '), ['blank_x', 'blank_y'][index])
  })

  test('in a definition that was kept with such a key everybody stays in the cohort of its text', async () => {
    const taken = new Set<string>()
    for (let n = 0; n < 8; n += 1) {
      const walked = await startWalk(store(), catalog, 'former', { data: { account: `account ${n}` } })
      taken.add((await walked.made()).join(' '))
    }
    assert.equal(taken.size, 1)
  })

  test('one key is always in the same cohort, whoever the recipient is', async () => {
    const madeFor = async (recipient: string, account: string) =>
      (await startWalk(store(), catalog, 'experiment', { recipient, data: { account } })).made()
    const first = await madeFor('ada', 'engines')
    assert.equal(first.length, 2)
    assert.deepEqual(await madeFor('grace', 'engines'), first)
  })
})

test('a cohort without a share gets nobody, wherever it stands', () => {
  const cohorts = [{ share: 0 }, { share: 500 }, { share: 0 }, { share: 500 }]
  const taken = new Set(Array.from({ length: 5_000 }, (_, n) => cohortOf(`key ${n}`, cohorts)))
  assert.deepEqual([...taken].sort(), [1, 3])
})

test('each cohort has its share of the keys', () => {
  const counts = [0, 0, 0]
  for (let n = 0; n < 20_000; n += 1) counts[cohortOf(`key ${n}`, [{ share: 667 }, { share: 333 }, { share: 0 }])]! += 1
  assert.ok(Math.abs(counts[0]! / 20_000 - 0.667) < 0.02, String(counts))
  assert.equal(counts[2], 0)
})

test('branches that cannot work are refused, each with its place', async () => {
  const place = async (step: object) => {
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps: [step, feed('last')] } }))
    return problems.map(({ step: ref, field }) => `${ref} ${field}`)
  }
  const empty = { name: 'E', ...when('data.a', true), steps: [] }
  assert.deepEqual(await place(branch('b', empty)), ['b branches'])
  assert.deepEqual(await place(branch('b', { name: 'X', steps: [] }, { name: 'D', steps: [] })), [
    'b branches[0].conditions',
  ])
  const many = Array.from({ length: 10 }, () => empty)
  assert.deepEqual(await place(branch('b', ...many, { name: 'D', steps: [] })), ['b branches'])
  const wrongRef = { ...when('refs.gone.status', '$message.sent'), steps: [] }
  assert.deepEqual(await place(branch('b', wrongRef, { name: 'D', steps: [] })), [
    'b branches[0].conditions.all[0].variable',
  ])
  const half = { ...experiment, cohort_branches: [cohort('x', '50'), cohort('y', '40')] }
  assert.deepEqual(await place(half), ['experiment_1 cohort_branches'])
  const deep = (depth: number): object =>
    depth === 0 ? feed('deep') : branch(`b${depth}`, { name: 'D', steps: [deep(depth - 1)] })
  assert.deepEqual(await place(deep(5)), [])
  assert.deepEqual(await place(deep(6)), ['b1 branches'])
})
