import type { Request, Response } from 'express'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Readable, Transform } from 'node:stream'
import readBytes from 'raw-body'
import { ApiError } from './errors.ts'

const inflaters: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

const MB = 1_024 * 1_024

/**
 * The bytes of a request's body, decompressed; `limit` bounds them before and after. Throws an ApiError for a body that is
 * larger (before it is uploaded, where its length is announced) or in an encoding that is not read.
 */
export async function bodyBytes(request: Request, response: Response, limit: number): Promise<Buffer> {
  const encoding = request.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  const inflate = encoding === 'identity' || encoding === '' ? null : inflaters[encoding]
  if (inflate === undefined) {
    const message = `The Content-Encoding ${encoding} is not read here: send gzip, deflate, br or none`
    throw new ApiError('malformed_json', { message })
  }
  const announced = request.get('content-length')
  if (Number(announced ?? 0) > limit) throw tooLarge(limit)
  if (expectsContinue(request)) response.writeContinue()
  const inflater = inflate?.() ?? null
  try {
    if (inflater === null) return await readBytes(request, { limit, length: announced })
    return await readBytes(piped(request, inflater), { limit })
  } catch (error) {
    if ((error as { type?: string }).type === 'entity.too.large') throw tooLarge(limit, error)
    throw error
  } finally {
    if (inflater !== null) request.unpipe(inflater)
    inflater?.destroy()
    // What is left of a body that is refused is taken and dropped, so that its sender reads the answer.
    request.resume()
  }
}

/** Whether its sender waits to be asked for the body. One that speaks HTTP/1.0 would take `100 Continue` for the answer. */
function expectsContinue({ headers, httpVersion }: Request): boolean {
  const expectations = headers.expect?.toLowerCase().split(',') ?? []
  return httpVersion !== '1.0' && expectations.some((each) => each.trim() === '100-continue')
}

/** A request that ends early ends what reads it too. */
function piped(request: Readable, inflater: Transform): Transform {
  request.once('aborted', () => inflater.destroy(Object.assign(new Error('aborted'), { type: 'request.aborted' })))
  return request.pipe(inflater)
}

function tooLarge(limit: number, cause?: unknown): ApiError {
  return new ApiError('payload_too_large', {
    message: `The body is larger than the ${limit / MB} MB taken here`,
    cause,
  })
}
