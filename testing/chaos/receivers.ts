import { httpReceiver } from '../servers/http-receiver.ts'
import { smtpRelay, type RelayStep } from '../servers/smtp-relay.ts'
import type { Random } from './random.ts'

/** A message that arrived, by its id: each time it did. */
export interface Arrived {
  at: number[]
  /** What it said when it came last. */
  body: string
}

export interface Receivers {
  smtpUrl: string
  httpUrl: string
  arrived: ReadonlyMap<string, Arrived>
  /** Mails after whose final dot nothing was said for a while, or ever. */
  hung: number
  close(): Promise<void>
}

const HANGS = 0.08
const LONGEST_HANG_MS = 25_000

/**
 * A mail server and an HTTP server that keep what they get. Some of the mails are taken and not answered for up to 25 s; of
 * these half never are: the connection ends.
 */
export async function startReceivers(random: Random): Promise<Receivers> {
  const arrived = new Map<string, Arrived>()
  const arrive = (id: string, body: string) => {
    arrived.set(id, { at: [...(arrived.get(id)?.at ?? []), Date.now()], body })
  }
  const afterDot = (content: string): RelayStep => {
    arrive(/^Message-ID: <(\w+)@/im.exec(content)![1]!, content)
    if (!random.chance(HANGS)) return { say: '250 queued' }
    receivers.hung += 1
    const ms = random.between(1_000, LONGEST_HANG_MS)
    return random.chance(0.5) ? { hangUpAfterMs: ms } : { say: '250 queued', afterMs: ms }
  }
  const relay = await smtpRelay({ dot: afterDot })
  const http = await httpReceiver((response, { url, headers, body }) => {
    if (url === '/answer') return void response.end('{"answer": 42}')
    arrive(String(headers['idempotency-key']), body)
    response.end()
  })
  const receivers: Receivers = {
    smtpUrl: relay.url,
    httpUrl: http.url,
    arrived,
    hung: 0,
    async close() {
      await Promise.all([relay.close(), http.close()])
    },
  }
  return receivers
}
