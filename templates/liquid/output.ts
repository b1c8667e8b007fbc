import { textOf } from './text-of.ts'

/** Longest result of one template, in characters. */
export const RESULT_LIMIT = 400_000

/** Gathers what a template writes, and stops it once that is too long. */
export class Output {
  buffer = ''

  write(value: unknown): void {
    if (value === undefined || value === null) return
    this.buffer += typeof value === 'string' ? value : textOf(value)
    if (this.buffer.length > RESULT_LIMIT) throw new Error(`the result is longer than ${RESULT_LIMIT} characters`)
  }
}
