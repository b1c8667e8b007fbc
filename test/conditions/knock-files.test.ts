import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compileConditions, compileMatchConditions } from '../../conditions/compile.ts'
import { evaluateConditions, type ConditionScope } from '../../conditions/evaluate.ts'
import { stepRefsOf, unknownRefProblems } from '../../conditions/refs.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

const templates = '../shared/knock-templates'
const samples = '../shared/workflow-samples.mjs'
const present = (file: string) => ({ skip: existsSync(file) ? false : `${file} is not there` })
const now = Date.parse('2030-01-01T00:00:00Z')

interface Found {
  at: string
  kind: 'conditions' | 'match_conditions'
  given: unknown
}

function findIn(value: unknown, at: string): Found[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]): Found[] => {
    const here = `${at}.${key}`
    if (key === 'match_conditions' || (key === 'conditions' && !Array.isArray(value)))
      return [{ at: here, kind: key, given: inner }]
    return findIn(inner, here)
  })
}

function problemsIn(folder: string, key: string): { file: unknown; found: number; problems: string[] } {
  const file = JSON.parse(readFileSync(join(folder, key, 'workflow.json'), 'utf8')) as unknown
  const refs = stepRefsOf(file)
  const found = findIn(file, key)
  const problems = found.flatMap(({ at, kind, given }) => {
    const compiled =
      kind === 'conditions'
        ? compileConditions(given, { place: 'step', refs })
        : compileMatchConditions(given, { place: 'wait', refs })
    return compiled.problems.map(({ path, message }) => `${at}.${path.join('.')}: ${message}`)
  })
  return { file, found: found.length, problems }
}

test("the conditions of Knock's templates compile", present(templates), () => {
  let found = 0
  const keys = readdirSync(templates, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of keys) {
    const { file, problems, ...rest } = problemsIn(templates, name)
    assert.deepEqual(problems, [])
    assert.deepEqual(unknownRefProblems(file), [])
    found += rest.found
  }
  assert.ok(found >= 11, `${found} conditions`)
})

test('the conditions of the samples compile, but for audiences', present(samples), () => {
  const folder = temporaryFolder()
  execFileSync(process.execPath, [samples, folder])
  for (const key of readdirSync(folder)) {
    const { problems } = problemsIn(folder, key)
    if (key === 'conditions-audience') assert.match(problems.join(), /is_audience_member is not supported/)
    else assert.deepEqual(problems, [], key)
  }
})

test('the samples answer as their files mean it', present(samples), () => {
  const folder = temporaryFolder()
  execFileSync(process.execPath, [samples, folder])
  const answers = (key: string, scope: ConditionScope) => {
    const file = JSON.parse(readFileSync(join(folder, `conditions-${key}`, 'workflow.json'), 'utf8')) as {
      conditions?: unknown
      steps: { conditions?: unknown }[]
    }
    const given = file.conditions ?? file.steps.find((step) => step.conditions !== undefined)?.conditions
    const { conditions } = compileConditions(given, { place: 'step' })
    return evaluateConditions(conditions, scope, { now }).result
  }
  const seen: ConditionScope = {
    refs: { in_app_feed_1: { messages: [{ delivery: 'delivered', engagements: ['seen'] }] } },
  }
  const unseen: ConditionScope = { refs: { in_app_feed_1: { messages: [{ delivery: 'delivered', engagements: [] }] } } }
  const skipped: ConditionScope = { refs: { in_app_feed_1: { skipped: true } } }
  const cases: [string, ConditionScope, boolean][] = [
    ['workflow', { recipient: { is_active: true } }, true],
    ['workflow', { recipient: { is_active: false }, data: { force: true } }, true],
    ['workflow', {}, false],
    ['status-old', seen, false],
    ['status-old', unseen, true],
    ['status-old', skipped, true],
    ['status-new', seen, false],
    ['status-new', unseen, true],
    ['delivery', unseen, true],
    ['delivery', skipped, false],
    ['argument-null', { data: { window: null } }, true],
    ['argument-null', { data: { window: { unit: 'days', value: 1 } } }, false],
    ['argument-null', { data: {} }, false],
    ['argument-path', { data: { alert: { events: ['a', 'b'] }, event: 'b' } }, true],
    ['argument-path', { data: { alert: { events: ['a', 'b'] }, event: 'c' } }, false],
    ['argument-list', { recipient: { roles: ['editor', 'admin', 'x'] } }, true],
    ['argument-list', { recipient: { roles: ['editor'] } }, false],
    ['argument-number', { run: { total_activities: 2 } }, true],
    ['argument-number', { run: { total_activities: 1 } }, false],
    ['empty', { recipient: {} }, true],
    ['empty', { recipient: { name: 'Ada' } }, false],
    ['timestamp', { recipient: { trial_ends_at: '2030-01-07T00:00:00Z' } }, true],
    ['timestamp', { recipient: { trial_ends_at: '2030-01-08T00:00:00Z' } }, false],
    ['between', { data: { n: 5 } }, true],
    ['between', { data: { n: 6 } }, false],
    ['vars', { vars: { feature: true } }, true],
    ['vars', { vars: {} }, false],
    ['workflow-categories', { workflow: { categories: ['marketing'] } }, true],
    ['workflow-categories', { workflow: { categories: [] } }, false],
  ]
  for (const [key, scope, expected] of cases)
    assert.equal(answers(key, scope), expected, `${key} ${JSON.stringify(scope)}`)
})
