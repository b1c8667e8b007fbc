import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../servers/ports.ts'
import { ready } from './stack.ts'

/** Why there is none here, or false: for the `skip` of a test. */
export const noBalancer =
  spawnSync('haproxy', ['-v']).status === 0 && process.platform === 'linux' ? false : 'needs HAProxy on a Linux host'

export interface Balancer {
  url: string
  close(): Promise<void>
}

/** HAProxy as docs/production.md describes it, in front of apis at these addresses. */
export async function balancer(addresses: readonly string[]): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-haproxy-'))
  const file = join(folder, 'haproxy.cfg')
  const port = await freePort()
  writeFileSync(file, configuration(port, addresses))
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'inherit' })
  const url = `http://127.0.0.1:${port}`
  await ready(url)
  return {
    url,
    async close() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function configuration(port: number, addresses: readonly string[]): string {
  return `
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend belay
  bind 127.0.0.1:${port}
  default_backend apis
backend apis
  option httpchk GET /readyz
  http-check expect status 200
  default-server check inter 2s fall 1 rise 1
${addresses.map((address, number) => `  server api${number + 1} ${address}`).join('\n')}
`
}
