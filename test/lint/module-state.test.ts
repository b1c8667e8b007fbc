import { RuleTester } from 'eslint'
import { describe, it } from 'node:test'
import { moduleState } from '../../scripts/lint/module-state.js'

RuleTester.describe = describe as typeof RuleTester.describe
RuleTester.it = it as typeof RuleTester.it

const errors = [{ messageId: 'changed' }]

new RuleTester().run('module-state', moduleState, {
  valid: [
    'const names = ["a"]\nexport const has = (name) => names.includes(name)',
    'const slots = { walk: 3 }\nexport const slotsOf = (kind) => slots[kind]',
    'export function run() { const seen = new Set(); seen.add(1); return seen }',
    'export class Run { #state = {}; set(value) { this.#state = value } }',
    'const order = ["b", "a"]\nexport const sorted = () => [...order].sort()',
  ],
  invalid: [
    { code: 'const cache = {}\nexport const keep = (a, b) => { cache[a] = b }', errors },
    { code: 'const counts = { runs: 0 }\nexport const count = () => { counts.runs += 1 }', errors },
    { code: 'const counts = { runs: 0 }\nexport const count = () => counts.runs++', errors },
    { code: 'const known = new Map([["a", 1]])\nexport const keep = (a) => known.set(a, 1)', errors },
    { code: 'const deep = { list: [] }\nexport const keep = (a) => deep.list.push(a)', errors },
    { code: 'const kept = Object.create(null)\nexport const drop = (a) => { delete kept[a] }', errors },
    { code: 'let last\nexport const keep = (a) => { last = a }', errors },
    { code: 'export class Run {}\nexport const mark = () => { Run.count = 1 }', errors },
  ],
})
