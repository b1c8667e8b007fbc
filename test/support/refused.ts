import assert from 'node:assert/strict'
import type { ErrorCode, FieldError } from '../../api/errors.ts'
import type { Answer } from './api-server.ts'

interface ErrorBody {
  code: ErrorCode
  message: string
  status: number
  type: string
  errors: FieldError[]
  request_id: string
}

/** Holds an error against the contract (SDKs break where it differs) and answers its fields, `field type`. */
export function assertRefused(answer: Answer, status: number, code: ErrorCode): string[] {
  const body = answer.body as ErrorBody
  assert.deepEqual([answer.status, body.code, body.status], [status, code, status], JSON.stringify(body))
  assert.deepEqual(Object.keys(body).sort(), ['code', 'errors', 'message', 'request_id', 'status', 'type'])
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.equal(answer.headers.get('x-request-id'), body.request_id)
  assert.ok(body.message !== '' && body.type !== '')
  for (const { field, message, type } of body.errors) {
    assert.ok(field !== '' && type !== '')
    assert.match(message, /^(?!Invalid|Too |Unrecognized)\S/, `${field} is not told in our words`)
  }
  return body.errors.map(({ field, type }) => `${field} ${type}`)
}
