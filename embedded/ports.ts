import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { listenFault, type ListenAddress } from '../settings/listen.ts'
import { StartError } from './start-error.ts'

/** Checks that every port can be listened on; 0 is any free one. The error names the setting to change. */
export async function checkPorts(choices: readonly ListenAddress[]): Promise<void> {
  const taken = new Map<number, string>()
  for (const choice of choices) {
    const { variable, host, port } = choice
    const other = port === 0 ? undefined : taken.get(port)
    if (other !== undefined) throw new StartError(`${variable}: port ${port} is also the one of ${other}; set another`)
    taken.set(port, variable)
    try {
      await listenOnce(host, port)
    } catch (error) {
      throw new StartError(listenFault(error, choice))
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
    server.on('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}
