import type { Request, Response } from 'express'
import { bodyBytes } from './body-bytes.ts'
import { ApiError } from './errors.ts'
import { fieldName } from '../../json/field-name.ts'
import { faultsOfSource } from '../../json/source.ts'

/** How much one request may bring: bytes, before and after they are decompressed, and values of JSON. */
export interface BodyLimits {
  bytes: number
  values: number
}

const MB = 1_024 * 1_024
export const SMALL_BODY: BodyLimits = { bytes: MB, values: 50_000 }
export const LARGE_BODY: BodyLimits = { bytes: 20 * MB, values: 300_000 }

/** `value` is undefined if there was none. */
export interface ReadBody {
  value: unknown
  bytes: number
}

/**
 * The JSON a request brings, whatever its content type says. Throws an ApiError for a
 * body that is too large (before it is uploaded, where its length is announced), that is no UTF-8 or no JSON, or of which
 * a part would be kept otherwise than it was sent.
 */
export async function readBody(request: Request, response: Response, limits: BodyLimits): Promise<ReadBody> {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(request.get('content-type') ?? '')?.[1] ?? 'utf-8'
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) throw malformed(`The charset ${charset} is not read here: send UTF-8`)
  const bytes = await bodyBytes(request, response, limits.bytes)
  if (bytes.length === 0) return { value: undefined, bytes: 0 }
  const text = decode(bytes)
  const faults = faultsOfSource(text, limits.values)
  // Before it is parsed: a few MB of zeros become hundreds.
  if (faults[0]?.type === 'length') throw faulty(faults)
  const value = parse(text)
  if (faults.length > 0) throw faulty(faults)
  return { value, bytes: bytes.length }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw malformed('The body is not valid UTF-8', error)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformed(undefined, error)
  }
}

const malformed = (message?: string, cause?: unknown) => new ApiError('malformed_json', { message, cause })

function faulty(faults: ReturnType<typeof faultsOfSource>): ApiError {
  const fields = faults.map(({ path, message, type }) => ({ field: fieldName(path) || 'body', message, type }))
  return new ApiError('invalid_params', { fields })
}
