/** What of a feed of `@knocklabs/client` is used here; 0.8 and later have it. */
export interface RevocableFeed {
  store: { getState(): unknown }
  on(event: never, callback: (payload: never) => void): void
  off(event: never, callback: (payload: never) => void): void
}

/** Messages that left the feed: canceled, or archived by another device. */
export interface Revocation {
  ids: string[]
}

interface Item {
  id: string
}

interface State {
  items: Item[]
  metadata: object
  pageInfo: object
  setResult(result: object, options: { shouldSetPage: boolean; shouldAppend: boolean }): void
}

interface Socket {
  onMessage(callback: (message: SocketMessage) => void): string
  off(refs: string[]): void
}

interface SocketMessage {
  topic: string
  event: string
  payload: { ids?: string[]; attn?: string[]; refetch?: boolean }
}

/** What such a feed has besides; some of it is not declared. */
interface Inside {
  knock: { client(): { socket?: Socket } }
  feedId: string
  userFeedId: string
  referenceId?: string
  defaultOptions?: { archived?: string }
  fetch(): unknown
  on(event: string, callback: () => void): void
  off(event: string, callback: () => void): void
}

const RECEIVED = ['items.received.page', 'items.received.realtime']
/** A page of items that was under way when a message was revoked may still bring it. */
const REMEMBERED_MS = 10_000
/** A client that authenticates anew has another socket. */
const LOOK_MS = 1_000

/**
 * Takes messages off the screen when they are taken back: removes them from the feed's store the moment Belay says so, and
 * tells `callback` which. After a time without connection the feed is fetched anew. Works without React too. Call what it
 * answers to stop.
 */
export function onRevocations(feed: RevocableFeed, callback?: (revocation: Revocation) => void): () => void {
  const inside = feed as unknown as Inside
  const revoked = new Map<string, number>()
  let bound: { socket: Socket; ref: string } | undefined

  const drop = () => {
    const now = Date.now()
    for (const [id, at] of revoked) if (now - at > REMEMBERED_MS) revoked.delete(id)
    const state = feed.store.getState() as State
    const { items, metadata, pageInfo } = state
    const left = items.filter(({ id }) => !revoked.has(id))
    if (left.length === items.length) return
    state.setResult(
      { entries: left, meta: metadata, page_info: pageInfo },
      { shouldSetPage: false, shouldAppend: false },
    )
  }
  const hear = ({ topic, event, payload }: SocketMessage) => {
    if (event !== 'messages-revoked' || topic !== `feeds:${inside.userFeedId}`) return
    const { ids = [], attn = [], refetch = false } = payload
    const isMeant = inside.referenceId === undefined || attn.includes(inside.referenceId)
    if (!isMeant || ['include', 'only'].includes(inside.defaultOptions?.archived ?? '')) return
    for (const id of ids) revoked.set(id, Date.now())
    drop()
    if (ids.length > 0) callback?.({ ids })
    if (refetch) void inside.fetch()
  }
  const bind = () => {
    const { socket } = inside.knock.client()
    if (socket === bound?.socket) return
    bound?.socket.off([bound.ref])
    bound = socket === undefined ? undefined : { socket, ref: socket.onMessage(hear) }
  }

  bind()
  const looking = setInterval(bind, LOOK_MS)
  for (const event of RECEIVED) inside.on(event, drop)
  return () => {
    clearInterval(looking)
    for (const event of RECEIVED) inside.off(event, drop)
    bound?.socket.off([bound.ref])
  }
}
