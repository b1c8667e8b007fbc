import { existsSync } from 'node:fs'
import { command, docker } from './docker.ts'
import { network, type Container } from './stack.ts'

/** Why packets cannot be dropped from here, or false: for the `skip` of a test. */
export const cannotDropPackets =
  process.getuid?.() !== 0
    ? 'needs root, to enter the network of a container'
    : !['/usr/sbin/iptables', '/sbin/iptables'].some(existsSync)
      ? 'needs iptables on this host'
      : false

/**
 * From here on packets between the two vanish without a reset, as when a host or a cable is gone. The rules stand in the
 * network of the first alone; `other` may be an address.
 */
export async function cut(one: Container, other: Container | string): Promise<void> {
  const address = typeof other === 'string' ? other : other.address
  await inNetworkOf(one, '-I', 'INPUT', '-s', address, '-j', 'DROP')
  await inNetworkOf(one, '-I', 'OUTPUT', '-d', address, '-j', 'DROP')
}

export async function heal(one: Container): Promise<void> {
  await inNetworkOf(one, '-F')
}

async function inNetworkOf({ pid }: Container, ...rule: string[]): Promise<void> {
  await command('nsenter', ['-t', String(pid), '-n', 'iptables', ...rule])
}

const FREE_ADDRESSES = 12

/** Takes an address that is free, so that a container that starts now gets another one. Answers how to end it. */
export async function takeAddress(address: string, image: string): Promise<() => Promise<void>> {
  const ids: string[] = []
  const giveBack = async () => {
    await docker('rm', '-f', ...ids)
  }
  // The engine gives the lowest first.
  while (ids.length < FREE_ADDRESSES) {
    const id = await docker('run', '-d', '--network', network(), image, 'node', '-e', 'setInterval(() => {}, 1e6)')
    ids.push(id)
    const got = await docker('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id)
    if (got === address) return giveBack
  }
  await giveBack()
  throw new Error(`${address} is not given to one of ${FREE_ADDRESSES} new containers`)
}
