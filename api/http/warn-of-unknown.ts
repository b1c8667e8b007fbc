import type { Response } from 'express'
import type { Logger } from 'pino'
import type { Reply, Route } from './route.ts'
import { unknownFields, warningOf } from './unknown-fields.ts'

/**
 * Names in a header what was ignored of a body that was accepted; what looks like a field that is known is logged, too, with
 * the trigger's id where there is one.
 */
export function warnOfUnknown(
  { method, path, body: schema }: Pick<Route, 'method' | 'path' | 'body'>,
  body: unknown,
  reply: Reply<unknown>,
  response: Response,
  { log, requestId }: { log: Logger; requestId: string },
): void {
  const unknown = unknownFields(schema, body)
  if (unknown.length === 0) return
  response.setHeader('belay-warning', warningOf(unknown))
  const misspelt = unknown.filter(({ meant }) => meant !== undefined)
  if (misspelt.length === 0) return
  const { workflow_run_id, result_id } = (reply.body ?? {}) as { workflow_run_id?: string; result_id?: string }
  const line = {
    requestId,
    workflow_run_id: workflow_run_id ?? result_id,
    route: `${method} ${path}`,
    unknown: misspelt,
  }
  log.warn(line, 'a request has fields that look like others, and were ignored')
}
