import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { alertRules } from '../../testing/fixtures/alert-rules.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

test('each alert has its section in docs/operations.md, which says what to do', () => {
  const text = readFileSync(file('docs/operations.md'), 'utf8')
  for (const { alert, annotations } of alertRules()) {
    const section = text.split(`\n### ${alert}\n`)[1]?.split('\n### ')[0] ?? ''
    assert.ok(section.trim().length > 80, alert)
    assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`)
  }
})
