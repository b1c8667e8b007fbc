import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Route } from '../../api/http/route.ts'
import { routes } from '../../api/routes/index.ts'

const page = readFileSync(new URL('../../docs/authorization.md', import.meta.url), 'utf8')

const methodsOf = (some: readonly Route[]) => some.map(({ method }) => method.toUpperCase()).join(', ')
/** What the page must say of a path: which methods each scope of a secret key opens, and which a public key does. */
function rowOf(path: string): string[] {
  const of = routes.filter((route) => route.path === path)
  const scoped = (['read', 'notify', 'admin'] as const).map((scope) =>
    methodsOf(of.filter((route) => route.scope === scope)),
  )
  return [`\`${path}\``, ...scoped, methodsOf(of.filter(({ access }) => access !== 'secret'))]
}

test('the table of routes says of every route which keys open it', () => {
  const [table = ''] = page.split('\nWhat is not in that table')
  const rows = table
    .split('\n')
    .filter((line) => line.startsWith('| `/v1/'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  const paths = [...new Set(routes.map(({ path }) => path))]
  assert.deepEqual(rows, paths.map(rowOf))
})
