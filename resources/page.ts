import { z } from 'zod'
import type { Page, Position, Window } from '../store/messages/page.ts'
import { instant } from './instant.ts'

const DEFAULT_SIZE = 50
const MAX_SIZE = 50
const sizes = `must be 1 to ${MAX_SIZE}`

/** What the rows of a list are ordered by, as a cursor carries it: an instant with row and step, or a row alone. */
export const messagePosition = z.tuple([instant, z.int().min(0), z.int().min(0).max(32_767)])
export const schedulePosition = z.tuple([instant, z.uuid()])
export const rowPosition = z.tuple([z.int().min(0)])
/** Of lists in the order of ids, or of keys of recipients. */
export const idPosition = z.tuple([z.string().max(1_024)])

/** Opaque to the caller: the row's place in the order of its list, so a page stays put while rows are added. */
export function cursorOf(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

function cursor(position: z.ZodType<Position>) {
  return z
    .string()
    .transform((text, context) => {
      const read = position.safeParse(parseJson(Buffer.from(text, 'base64url').toString()))
      if (read.success) return read.data
      context.addIssue({ code: 'custom', message: 'is not a cursor of this list', params: { type: 'format' } })
      return z.NEVER
    })
    .meta({ type: 'string' })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The query of every list. */
export const pageQuery = (position: z.ZodType<Position>) => ({
  after: cursor(position).optional().describe('A cursor: what is older than it'),
  before: cursor(position).optional().describe('A cursor: what is newer than it, next to it first'),
  page_size: z.coerce.number().int().min(1, sizes).max(MAX_SIZE, sizes).default(DEFAULT_SIZE),
})

/** The part of a list that a query asks for. */
export function windowOf(query: {
  after?: Position | undefined
  before?: Position | undefined
  page_size: number
}): Window {
  return { after: query.after, before: query.before, size: query.page_size }
}

export const pageInfo = z
  .object({
    __typename: z.literal('PageInfo'),
    after: z.string().nullable().describe('Cursor of the next, older page; null on the last'),
    before: z.string().nullable().describe('Cursor of the newer page; null where nothing newer is known'),
    page_size: z.int(),
  })
  .meta({ id: 'PageInfo' })

/** Cursors of what comes before and after a page; null where there is nothing. */
export function pageInfoOf<Row>(page: Page<Row>, window: Window) {
  const first = page.rows[0]
  const last = page.rows.at(-1)
  return {
    __typename: 'PageInfo' as const,
    after: page.hasOlder && last !== undefined ? cursorOf(page.positionOf(last)) : null,
    before: page.hasNewer && first !== undefined ? cursorOf(page.positionOf(first)) : null,
    page_size: window.size,
  }
}

/** A list that is always whole. */
export function wholeList(size: number): z.infer<typeof pageInfo> {
  return { __typename: 'PageInfo', after: null, before: null, page_size: Math.max(size, DEFAULT_SIZE) }
}
