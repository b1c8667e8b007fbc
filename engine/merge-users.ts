import { transaction } from '../store/postgres/database.ts'
import { sqlState } from '../store/postgres/store-error.ts'
import { hasProfile, isKnownUser, mergeProfile } from '../store/profiles/merge-profile.ts'
import {
  holdMerge,
  lockMerges,
  mergedInto,
  recordMerge,
  recordMoved,
  unmovedMerges,
} from '../store/profiles/merged-users.ts'
import { assertPreferenceRoom } from '../store/profiles/preference-room.ts'
import { moveMerged } from '../store/recipient-runs/move-merged.ts'
import { offerChanges } from '../store/waits/offer-events.ts'
import type { EngineDeps } from './deps.ts'
import { invalidField } from './errors.ts'

/** Recipient runs, and messages, moved in one transaction. */
const PAGE = 500
/** What a call moves itself; the rest is housekeeping's. */
const PAGES_OF_A_CALL = 20
const MERGES_A_ROUND = 100
/**
 * Profiles, preferences and channel data written of the old id go to the other user so long, twice the interval of
 * housekeeping: no longer, since a token of the old id may write of it, and is none of the other user's.
 */
const LATE_WRITES_MS = 60_000
/** Whoever read the old id before the merge has written by then what they had to. */
const SETTLES_AFTER_MS = 5 * 60_000

type Deps = Pick<EngineDeps, 'now' | 'outbox'> & { store: Pick<EngineDeps['store'], 'db'> }

/**
 * Merges the user `from` into `into`: profile in one transaction, then what was sent to them and what is pending, page by
 * page. From the first commit on the old id means the other user, in triggers and cancels, too. Merged into them already,
 * it only goes on moving. Answers who has it all by now; undefined: nothing is known of `from`. Throws `invalid_params`
 * for one user given twice.
 */
export async function mergeUsers(deps: Deps, from: string, into: string): Promise<string | undefined> {
  const { store, now, outbox } = deps
  if (from === into) throw invalidField('from_user_id', 'is the same user')
  const survivor = await transaction(store.db, async (tx) => {
    await lockMerges(tx)
    const means = await mergedInto(tx, [from, into])
    const target = means.get(into) ?? into
    if (means.get(from) === target || from === target) return target
    if (means.has(from)) throw invalidField('from_user_id', 'was merged into another user')
    if (!(await isKnownUser(tx, from))) return undefined
    await recordMerge(tx, from, target, now())
    await offerChanges(tx, await mergeProfile(tx, from, target), now(), outbox)
    await assertPreferenceRoom(tx, [target])
    return target
  })
  if (survivor !== undefined && survivor !== from) await movePages(deps, from)
  return survivor
}

/** Moves what is left under merged ids, in bounded passes: rows of large users, and what was being written meanwhile. */
export async function settleMerges(deps: Deps): Promise<void> {
  const { store, now } = deps
  for (const { from, mergedMs } of await unmovedMerges(store.db, MERGES_A_ROUND)) {
    const asOf = now()
    if (asOf <= mergedMs + LATE_WRITES_MS) await mergeLateWrites(deps, from)
    if (!(await movePages(deps, from)))
      await recordMoved(store.db, from, { mergedBefore: asOf - SETTLES_AFTER_MS, now: asOf })
  }
}

/** Who wrote of the old id having read it before the merge wrote of the other user: what that one has still goes before. */
async function mergeLateWrites({ store, now, outbox }: Deps, from: string): Promise<void> {
  await transaction(store.db, async (tx) => {
    const into = await holdMerge(tx, from)
    if (into === undefined || !(await hasProfile(tx, from))) return
    await offerChanges(tx, await mergeProfile(tx, from, into), now(), outbox)
  })
}

/** Answers whether more is left. */
async function movePages({ store }: Deps, from: string): Promise<boolean> {
  for (let page = 0; page < PAGES_OF_A_CALL; page += 1) {
    if (!(await movePage(store.db, from))) return false
  }
  return true
}

/** Again, if a batch was opened under the same key in between. */
async function movePage(db: Deps['store']['db'], from: string): Promise<boolean> {
  try {
    return await moveMerged(db, from, PAGE)
  } catch (error) {
    if (sqlState(error) !== '23505') throw error
    return moveMerged(db, from, PAGE)
  }
}
