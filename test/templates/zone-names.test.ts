import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderLiquid } from '../../templates/liquid.ts'

const named = (zone: string, at: string) =>
  renderLiquid('{{ data.at | date: "%H:%M %Z", data.zone }}', 'text', { data: { at, zone } })

test('a zone is named as English abbreviates it where it is, in summer and in winter, and by its offset where it does not', () => {
  const summer = '2026-07-01T12:00:00Z'
  const winter = '2026-01-01T12:00:00Z'
  assert.equal(named('America/New_York', winter), '07:00 EST')
  assert.equal(named('Europe/Berlin', winter), '13:00 CET')
  assert.equal(named('Europe/Berlin', summer), '14:00 CEST')
  assert.equal(named('Europe/London', winter), '12:00 GMT')
  assert.equal(named('Europe/London', summer), '13:00 BST')
  assert.equal(named('Australia/Sydney', summer), '22:00 AEST')
  assert.equal(named('Asia/Kolkata', summer), '17:30 IST')
  assert.equal(named('America/Sao_Paulo', summer), '09:00 GMT-3')
  assert.equal(named('UTC', summer), '12:00 UTC')
})
