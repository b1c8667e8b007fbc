import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** What a relay does at a point of a session: answers (a line, perhaps late), hangs up, or says nothing at all. */
export type RelayStep = { say: string; afterMs?: number } | { hangUpAfterMs: number } | 'hang up' | 'say nothing'

export interface RelayScript {
  greeting?: RelayStep
  /** Lines after EHLO besides the host's name: `SMTPUTF8`, `SIZE 100`. */
  extensions?: string[]
  mail?: RelayStep
  rcpt?: RelayStep
  data?: RelayStep
  /** After the final dot; of the nth message, the last for all after it. Or by what the message says. */
  dot?: RelayStep[] | ((content: string) => RelayStep)
  /** Hang up after so many bytes of content. */
  hangUpInContent?: number
}

export interface SmtpRelay {
  url: string
  /** Commands as they came, over all connections. */
  commands: string[]
  /** Contents taken to their final dot, answered or not. */
  contents: string[]
  connections: number
  close(): Promise<void>
}

/** An SMTP server written down to the byte, that misbehaves where `script` says so. */
export async function smtpRelay(script: RelayScript = {}): Promise<SmtpRelay> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    relay.connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    converse(socket, script, relay)
  })
  const relay: SmtpRelay = {
    url: '',
    commands: [],
    contents: [],
    connections: 0,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  relay.url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`
  return relay
}

function converse(socket: Socket, script: RelayScript, relay: SmtpRelay): void {
  let buffered = ''
  let inContent = false

  function act(step: RelayStep): void {
    if (step === 'hang up') socket.destroy()
    else if (step === 'say nothing') return
    else if ('hangUpAfterMs' in step) setTimeout(() => socket.destroy(), step.hangUpAfterMs)
    else setTimeout(() => socket.write(`${step.say}\r\n`), step.afterMs ?? 0)
  }

  function obey(line: string): void {
    relay.commands.push(line)
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'EHLO') {
      const lines = ['relay', ...(script.extensions ?? [])]
      act({ say: lines.map((text, n) => `250${n === lines.length - 1 ? ' ' : '-'}${text}`).join('\r\n') })
    } else if (verb === 'MAIL') act(script.mail ?? { say: '250 sender ok' })
    else if (verb === 'RCPT') act(script.rcpt ?? { say: '250 recipient ok' })
    else if (verb === 'DATA') {
      const step = script.data ?? { say: '354 go on' }
      inContent = typeof step === 'object' && 'say' in step && step.say.startsWith('354')
      act(step)
    } else if (verb === 'QUIT') {
      act({ say: '221 bye' })
      socket.end()
    } else act({ say: '250 ok' })
  }

  act(script.greeting ?? { say: '220 relay ESMTP' })
  socket.on('data', (chunk) => {
    buffered += chunk.toString('latin1')
    for (;;) {
      if (inContent && buffered.length > (script.hangUpInContent ?? Infinity)) return void socket.destroy()
      const end = inContent ? '\r\n.\r\n' : '\r\n'
      const at = buffered.indexOf(end)
      if (at === -1) return
      const text = buffered.slice(0, at)
      buffered = buffered.slice(at + end.length)
      if (!inContent) obey(text)
      else {
        inContent = false
        relay.contents.push(text)
        const { dot = [] } = script
        const step = typeof dot === 'function' ? dot(text) : dot[Math.min(relay.contents.length, dot.length) - 1]
        act(step ?? { say: '250 queued as R1' })
      }
    }
  })
}
