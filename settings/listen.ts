import type { Server } from 'node:http'
import { SettingsError } from './settings.ts'

/** An address to listen on, and the settings that choose it. */
export interface ListenAddress {
  host: string
  port: number
  /** The setting of the port. */
  variable: string
  /** The setting of the host; absent where it is fixed. */
  hostVariable?: string
}

/** Connections not yet accepted; the kernel takes fewer where net.core.somaxconn says so. */
const BACKLOG = 4_096

/** Rejects with a SettingsError that names the setting to change. */
export function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new SettingsError(listenFault(error, address), { cause: error }))
    server.once('error', failed)
    server.listen({ port: address.port, host: address.host, backlog: BACKLOG }, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

/** Which setting is to blame that an address cannot be listened on, and why. */
export function listenFault(error: unknown, { host, port, variable, hostVariable }: ListenAddress): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (hostVariable !== undefined && HOST_CODES.has(code)) {
    return `${hostVariable}: ${host} is no address of this machine (${message}); set ${hostVariable} to one that is, or 0.0.0.0 for all`
  }
  return `${variable}: ${reasonOf(code, message, host, port)}; set ${variable} to another`
}

const HOST_CODES = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EAFNOSUPPORT'])

function reasonOf(code: string, message: string, host: string, port: number): string {
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is in use`
  if (code === 'EACCES') return `port ${port} on ${host} may not be used by this user`
  return `cannot listen on ${host} port ${port} (${message})`
}
