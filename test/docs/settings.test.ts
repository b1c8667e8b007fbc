import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { variables } from '../../settings/settings.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const table = /^\| +(?:setting|variable) [^]*?(?=\n\n)/m.exec(readme)?.[0] ?? ''
/** By row: the names in its first cell, and the second. */
const rows = table
  .split('\n')
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, names = '', standard = '']) => ({
    names: [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!),
    standard,
  }))
/** Read by Temporal's own library, or by tests alone. */
const NOT_OURS = /^TEMPORAL_(ADDRESS|NAMESPACE|API_KEY|TLS.*|PROFILE|CONFIG_FILE)$/

test('the README’s table of settings names every setting, and no other', () => {
  const told = rows.flatMap(({ names }) => names).filter((name) => !NOT_OURS.test(name))
  assert.deepEqual(told.toSorted(), Object.keys(variables).toSorted())
})

test('the defaults in the README’s table are the settings’ own', () => {
  for (const { names, standard } of rows) {
    const told = standard.split(',').map((value) => value.trim())
    names.forEach((name, index) => {
      if (!(name in variables)) return
      const given = variables[name as keyof typeof variables].safeParse(undefined).data
      if (typeof given !== 'string' && typeof given !== 'number') return
      assert.equal(told[index] ?? told[0], String(given), `${name} in the README`)
    })
  }
})
