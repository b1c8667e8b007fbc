import { z } from 'zod'
import type { Window } from '../../store/messages/page.ts'
import { invalid } from './errors.ts'
import { cursorOf, pageQuery, type pageInfo } from '../../resources/page.ts'

const page = pageQuery(z.tuple([z.string()]))

/** The query of a list of events, which is oldest first: a cursor names one by its id. */
export const eventPageQuery = z.object({
  ...page,
  after: page.after.describe('A cursor: what came after it'),
  before: page.before.describe('A cursor: what came before it, next to it first'),
})

/** The part of a whole list, oldest first, that a window shows. */
export function eventPage<Event extends { id: string }>(events: readonly Event[], { after, before, size }: Window) {
  const placeOf = (field: string, id: unknown): number => {
    const place = events.findIndex((event) => event.id === id)
    if (place === -1) throw invalid(field, 'is not a cursor of this list', 'format')
    return place
  }
  const first = after === undefined ? 0 : placeOf('after', after[0]) + 1
  const last = before === undefined ? events.length : placeOf('before', before[0])
  // With `before` alone what lies next to it is wanted, so that nothing is left out between two pages.
  const start = before !== undefined && after === undefined ? Math.max(0, last - size) : first
  const items = events.slice(start, Math.min(last, start + size))
  const end = start + items.length
  const page_info: z.infer<typeof pageInfo> = {
    __typename: 'PageInfo',
    after: items.length > 0 && end < events.length ? cursorOf([items.at(-1)!.id]) : null,
    before: items.length > 0 && start > 0 ? cursorOf([items[0]!.id]) : null,
    page_size: size,
  }
  return { items, page_info }
}
