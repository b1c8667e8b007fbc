import { command } from './docker.ts'
import type { Container } from './stack.ts'

const DROP = ['-j', 'DROP']
const REFUSE = ['-p', 'tcp', '-j', 'REJECT', '--reject-with', 'tcp-reset']

/** A rule in the network of a container. `heal` of network.ts takes all of them away. */
async function add({ pid }: Container, ...rule: string[]): Promise<void> {
  await command('nsenter', ['-t', String(pid), '-n', 'iptables', '-I', ...rule])
}

/** Of the packets between the two this share is lost, in each direction. */
export async function lose(one: Container, { address }: Container, share: number): Promise<void> {
  const random = ['-m', 'statistic', '--mode', 'random', '--probability', String(share)]
  await add(one, 'INPUT', '-s', address, ...random, ...DROP)
  await add(one, 'OUTPUT', '-d', address, ...random, ...DROP)
}

/** What one says to the other is answered with a reset, always or this share of the time. */
export async function refuse(one: Container, { address }: Container, share = 1): Promise<void> {
  const random = share === 1 ? [] : ['-m', 'statistic', '--mode', 'random', '--probability', String(share)]
  await add(one, 'OUTPUT', '-d', address, ...random, ...REFUSE)
}

/** The other hears the one, which hears nothing of it. */
export async function deafen(one: Container, { address }: Container): Promise<void> {
  await add(one, 'INPUT', '-s', address, ...DROP)
}

/** As a firewall that has forgotten what is open between the two: new connections pass, those there are say nothing more. */
export async function forgetConnections(one: Container, { address }: Container): Promise<void> {
  const listed = await command('nsenter', ['-t', String(one.pid), '-n', 'ss', '-Htn', 'dst', address])
  const ports = [...listed.matchAll(/:(\d+)\s+\S+:\d+\s*$/gm)].map(([, port]) => port!)
  for (const port of ports) {
    await add(one, 'INPUT', '-s', address, '-p', 'tcp', '--dport', port, ...DROP)
    await add(one, 'OUTPUT', '-d', address, '-p', 'tcp', '--sport', port, ...DROP)
  }
}

/** Names are looked up in vain. */
export async function loseNames(one: Container): Promise<void> {
  await add(one, 'OUTPUT', '-d', '127.0.0.11', ...DROP)
}
