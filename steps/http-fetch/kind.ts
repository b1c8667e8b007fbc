import { secretsOf } from '../../channels/hidden.ts'
import { NoAnswer, type HttpAnswer } from '../../channels/http-client.ts'
import { NotSent } from '../../channels/sender.ts'
import type { FetchStep } from '../../definitions/step.ts'
import { recipientRunUuid } from '../../store/ids/row-id.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import type { ActResult, OutsideDeps, StepKind, Walk } from '../kind.ts'
import { letAct } from '../let-act.ts'
import { renderFor } from '../render-each.ts'
import { keptWith } from '../walk-data.ts'
import { ANSWER_BYTES, readAnswer } from './answer.ts'
import { fetchFile } from './file.ts'
import { fetchRequest } from './request.ts'

const TIMEOUT_MS = 15_000
/** Before the second try, and before the third. */
const BACKOFF_MS = [30_000, 60_000]

/**
 * Makes a request, and lays the answer over the data that this recipient run sees. No answer within 15 s and a status of 500
 * or more are tried twice more; anything else but 200, 201 and 204 with JSON fails the run at once.
 */
export const fetchKind: StepKind<FetchStep> = {
  type: 'http_fetch',
  file: fetchFile,
  acts: true,
  movable: false,
  targets: ({ next }) => [next],
  enter: letAct,
  resume: letAct,
  act: fetchFor,
}

async function fetchFor(walk: Walk<FetchStep>, { http, secretHosts, now }: OutsideDeps): Promise<ActResult> {
  const { step, scope, row, trigger, state } = walk
  let answer: HttpAnswer
  try {
    const id = `${recipientRunUuid(trigger.workflowRunId, row.id)}/${step.ref}`
    const { signal } = new AbortController()
    const at = now()
    const request = await renderFor(walk, () => fetchRequest(step, scope, { id, now: at, secretHosts }))
    answer = await http.request({ ...request, id, timeoutMs: TIMEOUT_MS, readBytes: ANSWER_BYTES, signal })
  } catch (error) {
    if (error instanceof NotSent) return failed(error.message)
    if (error instanceof NoAnswer) return again(walk, error.message, now())
    throw error
  }
  const secrets = secretsOf(walk.definition.library?.vars, process.env)
  const fetched = readAnswer(answer, step.responsePath, scope.data as JsonObject, secrets)
  if ('problem' in fetched) return fetched.again ? again(walk, fetched.problem, now()) : failed(fetched.problem)
  const tooMuch = keptWith(state, fetched.data)
  if (tooMuch !== null) return failed(tooMuch)
  const { status } = answer
  return { kind: 'go_on', data: fetched.data, decided: { text: `answered ${status}`, data: { status } } }
}

function failed(reason: string): ActResult {
  return { kind: 'fail', reason, isFinal: true }
}

function again({ row }: Walk, reason: string, now: number): ActResult {
  const wait = BACKOFF_MS[row.attempt]
  return wait === undefined ? failed(reason) : { kind: 'retry', due: now + wait, reason }
}
