import assert from 'node:assert/strict'
import type { Outcome } from '../../store/recipient-runs/verdict.ts'
import type { Said } from './expected.ts'
import { isReached, type RowSeen } from './record.ts'
import { isOtherClaim, type Try } from './tries.ts'

/** What a cancel said of a row, and how the store had it then. */
export interface Told extends Said<Outcome> {
  order: number
  /** Numbers of the messages there were. */
  made: number[]
  /** Who had claimed what was in flight: the only tries that may still come, one each. */
  claims: { number: number; owner: string; revision: number }[]
}

/** Outcomes after which nothing more comes but what is in flight. All but those never came to a cancel. */
export const FINAL: readonly Outcome[] = ['canceled', 'sending', 'already_sent', 'ended']

export function toldOf(said: Said<Outcome>, row: RowSeen, order: number): Told {
  const claims = row.messages
    .filter(({ number }) => said.inFlight.includes(number))
    .map(({ number, claim, revision }) => ({ number, owner: claim ?? '', revision }))
  return { ...said, order, made: row.messages.map(({ number }) => number), claims }
}

/**
 * What was in flight may still go out: by the one send of the process that had claimed it, if it had not sent by then.
 * However that ends it is not tried again, nothing else follows, and what was taken back never goes out.
 */
export function holdTold(told: Told, row: RowSeen, tries: readonly Try[], all: string): void {
  const { order, outcome, reached, inFlight, takenBack, made, claims } = told
  const later = tries.filter((each) => each.order > order)
  for (const { number, owner, revision } of later) {
    const claim = claims.find((each) => each.number === number)
    assert.ok(claim !== undefined, `sent after "${outcome}": ${all}`)
    assert.deepEqual({ owner, revision }, { owner: claim.owner, revision: claim.revision }, `by another: ${all}`)
  }
  for (const claim of claims) {
    const ofMessage = tries.filter(({ number }) => number === claim.number)
    const begun = ofMessage.findLastIndex((each, i) => {
      return each.order <= order && i > 0 && isOtherClaim(ofMessage[i - 1]!, each)
    })
    const ofClaim = ofMessage.slice(Math.max(begun, 0)).filter(({ owner, revision }) => {
      return owner === claim.owner && revision === claim.revision
    })
    assert.ok(ofClaim.length <= 1, `tried again after "${outcome}": ${all}`)
  }
  const may = new Set([...reached, ...inFlight])
  const since = row.messages.filter((message) => isReached(message) && !may.has(message.number))
  assert.deepEqual(since, [], `reached after "${outcome}": ${all}`)
  assert.deepEqual(
    row.messages.map(({ number }) => number),
    made,
    `made after "${outcome}": ${all}`,
  )
  for (const message of row.messages) {
    if (reached.includes(message.number)) assert.ok(isReached(message), `said to be sent, and was not: ${all}`)
    if (takenBack.includes(message.number)) assert.equal(message.status, 'not_sent', `taken back, and sent: ${all}`)
  }
}
