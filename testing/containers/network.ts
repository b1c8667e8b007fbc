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

/** Takes the lowest free address, so that a container that starts now gets another than it had. Answers how to end it. */
export async function takeAddress(image: string): Promise<() => Promise<void>> {
  const forever = ['node', '-e', 'setInterval(() => {}, 1e6)']
  const id = await docker('run', '-d', '--network', network(), '--entrypoint', forever[0]!, image, ...forever.slice(1))
  return async () => {
    await docker('rm', '-f', id)
  }
}
