import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { endedWithParent } from '../../embedded/ended-with-parent.ts'
import { unknownSettings } from '../../settings/unknown-settings.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Script {
  pid: number
  /** All it said so far. */
  output(): string
  /** Resolves once its output holds the text; rejects if it ends first. */
  says(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>
}

/** Runs a TypeScript file in a process of its own, which ends with this one; settings reach it through `env`. */
export function runScript(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Script {
  const [command, all] = endedWithParent('TERM', process.execPath, [...toRun(file), ...args])
  const child: ChildProcess = spawn(command, all, {
    // What only the tests read is no setting of Belay, which would warn of it.
    env: { ...without(process.env, unknownSettings(process.env)), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let over = false
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true
    return (code ?? signal) as number | NodeJS.Signals | null
  })
  return {
    pid: child.pid!,
    output: () => output,
    async says(text) {
      while (!output.includes(text)) {
        if (over) throw new Error(`${file} ended before it said "${text}":\n${output}`)
        await Promise.race([once(child.stdout!, 'data'), once(child.stderr!, 'data'), ended])
      }
    },
    kill: (signal) => child.kill(signal),
    ended,
  }
}

/**
 * Node's arguments for a file, by its path or its place in the project. One that the test runner compiled already starts in half the time; it compiles WebAssembly as
 * this process does.
 */
export function toRun(file: string): string[] {
  const path = relative(root, resolve(root, file))
  const compiled = join(process.env['BELAY_TEST_COMPILED'] ?? root, path.replace(/\.ts$/, '.js'))
  return !path.startsWith('..') && existsSync(compiled)
    ? ['--enable-source-maps', ...process.execArgv.filter((option) => option === '--liftoff-only'), compiled]
    : ['--import', 'tsx', file]
}

function without(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))
}

/** Whether a process runs: an ended one whose status nobody collected does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

/** Resolves when the process has ended. */
export async function gone(pid: number, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (isRunning(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} still runs after ${withinMs} ms`)
    await wait(20)
  }
}
