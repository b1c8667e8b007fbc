import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

const HEALTH_MS = 100

/** How `/healthz` was answered while it was watched. */
export interface Health {
  /** The longest answer, in milliseconds. */
  slowest: number
  /** Answers that were not 200, and none at all. */
  wrong: number
}

/** Asks `/healthz` ten times a second until it is ended. */
export function watchHealth(url: string): { end: () => Promise<Health> } {
  const seen: Health = { slowest: 0, wrong: 0 }
  const watch = { over: false }
  const watching = (async () => {
    while (!watch.over) {
      const began = performance.now()
      const status = await fetch(`${url}/healthz`).then(
        (response) => response.status,
        () => 0,
      )
      if (status !== 200) seen.wrong += 1
      seen.slowest = Math.max(seen.slowest, performance.now() - began)
      await wait(HEALTH_MS)
    }
  })()
  return {
    async end() {
      watch.over = true
      await watching
      return seen
    },
  }
}

/** The most memory that a process ever held, in bytes. Linux alone knows. */
export function mostMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024
}
