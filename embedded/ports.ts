import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { StartError } from './start-error.ts'

export interface PortChoice {
  /** The setting that chooses it. */
  variable: string
  host: string
  /** 0: any free one. */
  port: number
}

/** Checks that every port can be listened on. The error names the setting to change. */
export async function checkPorts(choices: readonly PortChoice[]): Promise<void> {
  const taken = new Map<number, string>()
  for (const { variable, host, port } of choices) {
    if (port === 0) continue
    const other = taken.get(port)
    if (other !== undefined) throw new StartError(`${variable}: port ${port} is also the one of ${other}; set another`)
    taken.set(port, variable)
    try {
      await listenOnce(host, port)
    } catch (error) {
      throw new StartError(`${variable}: ${reasonOf(error, host, port)}; set ${variable} to another`)
    }
  }
}

/** Below the ports that Linux (32768 up), macOS and Windows (49152 up) give to outgoing connections. */
const LOWEST = 10_240
const HIGHEST = 32_767
const DRAWS = 50

/**
 * A port nobody listens on at this moment, and that no outgoing connection will be given later: what listens on it can be
 * stopped and started again.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    try {
      return await listenOnce(host, randomInt(LOWEST, HIGHEST + 1))
    } catch {
      // Taken: draw again.
    }
  }
  return listenOnce(host, 0)
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

function reasonOf(error: unknown, host: string, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is in use`
  if (code === 'EACCES') return `port ${port} on ${host} may not be used by this user`
  return `cannot listen on ${host} port ${port} (${message})`
}
