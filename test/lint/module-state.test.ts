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
    'const rows = { a: [1] }\nexport const all = () => { for (const row of rows.a) use(row); return Object.keys(rows) }',
    'const at = { x: 1 }\nexport const seen = () => { let x; ({ x } = at); [x] = [at.x]; return x }',
    'export const make = () => new Map()',
    'const order = ["b", "a"]\nexport const sorted = () => [...order].sort()',
  ],
  invalid: [
    { code: 'const cache = {}\nexport const keep = (a, b) => { cache[a] = b }', errors },
    { code: 'const counts = { runs: 0 }\nexport const count = () => { counts.runs += 1 }', errors },
    { code: 'const counts = { runs: 0 }\nexport const count = () => counts.runs++', errors },
    {
      code: 'const known = new Map([["a", 1]])\nexport const keep = (a) => known.set(a, 1)',
      errors,
    },
    { code: 'const deep = { list: [] }\nexport const keep = (a) => deep.list.push(a)', errors },
    { code: 'const kept = Object.create(null)\nexport const drop = (a) => { delete kept[a] }', errors },
    { code: 'let last\nexport const keep = (a) => { last = a }', errors },
    { code: 'let n = 0\nexport const next = () => n++', errors },
    { code: 'const next = (() => { let n = 0; return () => ++n })()\nexport const id = () => next()', errors },
    {
      code: 'class Count { n = 0; up() { this.n += 1 } }\nconst count = new Count()\nexport const up = () => count.up()',
      errors,
    },
    { code: 'export class Run { static n = 0; static add() { this.n += 1 } }', errors },
    { code: 'export class Run { static { this.kept = [] } }', errors },
    { code: 'const kept = {}\nexport const keep = (a) => Object.assign(kept, a)', errors },
    { code: 'const kept = {}\nexport const keep = (a) => Reflect.set(kept, "a", a)', errors },
    { code: 'const kept = {}\nexport const keep = (a) => { [kept.a] = a }', errors },
    { code: 'const kept = {}\nexport const keep = (a) => { ({ a: kept.a } = a) }', errors },
    { code: 'const kept = {}\nexport const keep = (list) => { for (kept.a of list); }', errors },
    { code: 'const kept = []\nexport const keep = (a) => kept["push"](a)', errors },
    { code: 'export const keep = (a) => { globalThis.kept = a }', errors },
    { code: 'export class Run {}\nexport const mark = () => { Run.count = 1 }', errors },
  ],
})
