import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { checkImports } from '../../scripts/lint/check-imports.js'

function faultsOf(t: TestContext, files: Record<string, string>, allowed: [string, string][] = []) {
  const root = mkdtempSync(join(tmpdir(), 'belay-lint-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkImports(root, { allowed: new Map(allowed), onlyTested: new Map() })
}

test('the project itself holds to its floors, has no circles, and exports nothing unused', () => {
  assert.deepEqual(checkImports(join(import.meta.dirname, '../..')), [])
})

test('an import of a higher floor is named, also of a type, and one of a lower floor is not', (t) => {
  const files = {
    'store/rows.ts': "import type { Route } from '../api/route.ts'\nexport const row = (route: Route) => route",
    'api/route.ts': "import { row } from '../store/rows.ts'\nexport type Route = 1\nrow(1)",
  }
  const [floor, circle, ...others] = faultsOf(t, files)
  assert.match(floor!, /store\/rows.ts imports api\/route.ts, but store\/ may not import api\//)
  assert.match(circle!, /import each other in a circle/)
  assert.deepEqual(others, [])
})

test('rooms of one floor do not import each other, unless an exception says so, which must be needed', (t) => {
  const files = {
    'api/a.ts': "import { b } from '../worker/b.ts'\nb()",
    'worker/b.ts': 'export function b() {}',
  }
  assert.equal(faultsOf(t, files).length, 1)
  assert.deepEqual(faultsOf(t, files, [['api/a.ts -> worker/', 'tried']]), [])
  assert.match(faultsOf(t, { 'api/a.ts': '' }, [['api/a.ts -> worker/', 'tried']])[0]!, /nothing needs this exception/)
})

test('what nothing imports, or only tests do, is named', (t) => {
  const faults = faultsOf(t, {
    'api/a.ts': 'export const unused = 1\nexport const tested = 2',
    'test/a.test.ts': "import { tested } from '../api/a.ts'\ntested",
  })
  assert.match(faults[0]!, /api\/a.ts exports unused, and nothing imports it/)
  assert.match(faults[1]!, /api\/a.ts exports tested, and only tests import it/)
  assert.equal(faults.length, 2)
})

test('a file in no room is named', (t) => {
  assert.match(faultsOf(t, { 'attic/a.ts': '' })[0]!, /attic\/a.ts stands in no room/)
})

test('of many files that import each other, those of a shortest circle are named', (t) => {
  const files = {
    'store/a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'\nexport const a = () => b() + c()",
    'store/b.ts': "import { c } from './c.ts'\nexport const b = () => c()",
    'store/c.ts': "import { a } from './a.ts'\nexport const c = (): number => a()",
  }
  assert.deepEqual(faultsOf(t, files), ['store/a.ts, store/c.ts import each other in a circle'])
})

test('an exported type that nothing names is named, and one that describes what is exported is not', (t) => {
  const files = {
    'store/rows.ts': 'export interface Row {}\nexport interface Old {}\nexport const rowOf = (): Row => ({})',
    'api/route.ts': "import { rowOf } from '../store/rows.ts'\nrowOf()",
  }
  assert.deepEqual(faultsOf(t, files), ['store/rows.ts exports type Old, and nothing names it'])
})
