import { readFile } from 'node:fs/promises'
import { NotJson, parseJson } from './fault.ts'
import { fieldName } from './field-name.ts'
import { faultsOfSource } from './source.ts'
import { findUnstorable } from './storable.ts'

/**
 * The JSON object that a file holds, read as the API reads a body: UTF-8 alone, and nothing in it that would be kept
 * otherwise than it is written. Throws an Error that names the file, and the field where there is one.
 */
export async function readObjectFile(file: string): Promise<Record<string, unknown>> {
  const text = decode(await bytesOf(file), file)
  const value = parse(text, file)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${file} must hold a JSON object`)
  const fault = faultsOfSource(text, Infinity)[0] ?? findUnstorable(value)
  if (fault !== undefined) throw new Error([`${file}:`, fieldName(fault.path), fault.message].filter(Boolean).join(' '))
  return value as Record<string, unknown>
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Error(`${file} is not UTF-8 text`, { cause: error })
  }
}

function parse(text: string, file: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    const where = error instanceof NotJson ? `line ${error.line}: ` : ''
    throw new Error(`${file} is not JSON: ${where}${(error as Error).message}`, { cause: error })
  }
}
