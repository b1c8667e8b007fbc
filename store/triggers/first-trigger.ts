import { sql, type SQL } from 'drizzle-orm'
import { at, json, query, type Database } from '../postgres/database.ts'
import { sqlState } from '../postgres/store-error.ts'
import { WAIT_MS, type IdempotentRequest } from '../idempotency/idempotency.ts'
import { prepared } from '../postgres/statement.ts'
import { noneMerged } from '../profiles/merged-users.ts'
import {
  acceptedTrigger,
  triggerRows,
  workflowIdFor,
  type Acceptance,
  type AcceptedTrigger,
  type WrittenTrigger,
} from './trigger-rows.ts'

/** An Idempotency-Key with the answer it is to be kept with. */
export type AnsweredRequest = IdempotentRequest & { response: object }

/**
 * Writes a trigger whose key nobody used before, or that has none, in one statement that is a transaction by itself: the
 * usual trigger, in one round trip instead of four (eight with an Idempotency-Key). Answers null, and no trigger is
 * written, where either key is known, or somebody was merged into another: then `lockRun` and `insertTrigger` are for it.
 */
export async function insertFirstTrigger(
  db: Database,
  accepted: Acceptance,
  idempotent: AnsweredRequest | null,
): Promise<AcceptedTrigger | null> {
  const { name, run, from } = idempotent === null ? firstRun(accepted) : firstRunAndAnswer(accepted, idempotent)
  try {
    const statement = prepared(name, sql`with ${run}, ${triggerRows(accepted, 1, from)}`)
    const [written] = await query<WrittenTrigger>(db, statement)
    return written === undefined ? null : acceptedTrigger(accepted, written)
  } catch (error) {
    // Who waits for the key's row with the Idempotency-Key in hand has locked in the other order.
    if (sqlState(error) === '40P01') return null
    throw error
  }
}

/** The CTEs that make the run, and where a trigger is selected from: nowhere, if the run was there. */
interface First {
  name: string
  run: SQL
  from: SQL
}

function firstRun(accepted: Acceptance): First {
  const run = sql`run as (${runRow(accepted)} where ${unmerged(accepted)} on conflict (workflow_id) do nothing returning id)`
  return { name: 'first_trigger', run, from: sql`from run` }
}

/**
 * A concurrent request with the same key is waited for as in `takeKey`. The run's row comes first, so that an answer is
 * kept only with its trigger; without a cancelation key that row is new, and the answer comes first.
 */
function firstRunAndAnswer(accepted: Acceptance, idempotent: AnsweredRequest): First {
  const { scope, key, hash, requestId, response } = idempotent
  const wait = sql`wait as materialized (select set_config('lock_timeout', ${String(WAIT_MS)}, true)
    where ${unmerged(accepted)})`
  const answer = sql`insert into idempotency_keys (scope, key, hash, request_id, response)
    select ${scope}, ${key}, ${hash}, ${requestId}, ${json(response)}`
  const unlessKnown = sql`on conflict (scope, key) do nothing returning 1`
  if (accepted.cancelationKey === null) {
    const run = sql`${wait}, kept as (${answer} from wait ${unlessKnown}),
      run as (${runRow(accepted)} from kept returning id)`
    return { name: 'first_trigger_once', run, from: sql`from run` }
  }
  const run = sql`${wait},
    run as (
      ${runRow(accepted)} from wait
      where not exists (select from idempotency_keys where scope = ${scope} and key = ${key})
      on conflict (workflow_id) do nothing returning id
    ),
    kept as (${answer} from run ${unlessKnown})`
  return { name: 'first_trigger_of_key_once', run, from: sql`from run where exists (select from kept)` }
}

function unmerged({ recipients, actor }: Acceptance): SQL {
  return noneMerged([...recipients.map(({ key }) => key), ...(actor === null ? [] : [actor])])
}

function runRow(accepted: Acceptance): SQL {
  return sql`insert into runs (workflow_id, definition_key, cancelation_key, recipients, created_at)
    select ${workflowIdFor(accepted)}, ${accepted.version.definition.key}, ${accepted.cancelationKey},
      ${accepted.recipients.length}::int, ${at(accepted.acceptedAt)}`
}
