import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fillDisk } from './small-disk.ts'
import type { Part } from './part.ts'
import type { Random } from './random.ts'
import type { System } from './system.ts'

export interface FaultOptions {
  kills: number
  /** Times that something stands still. */
  pauses: number
  pauseMs: number
  jumps: number
  /** Where Postgres has its folder, if that is a disk of its own. */
  disk: string | undefined
  /** Of how many kills the next does not wait until everything works again. */
  hurried: number
  /** No fault begins later than this, by `performance.now()`. */
  until: number
  say: (line: string) => void
}

/** From when until when somebody was killed or stood still, epoch milliseconds. */
export interface Spell {
  what: 'killed' | 'stood still' | 'clock' | 'disk'
  names: string[]
  from: number
  to: number
}

const DOWN_MS = 2_000
const BETWEEN_MS = 2_500
const RECOVER_MS = 300_000
const JUMP_MS = 6_000
const DISK_MS = 12_000
const FURTHEST_MS = 3 * 3_600_000

/** Faults in the order that a seed says. After most of them it waits until a notification goes through again. */
export class Faults {
  readonly spells: Spell[] = []
  /** From the moment that all were started again until a notification went through, in milliseconds. */
  readonly recoveries: { names: string[]; ms: number }[] = []
  /** After which nothing went through in time. */
  readonly lasting: string[] = []
  /** What was left of the faults when the time was up. */
  cut: string | undefined
  readonly #system: System
  readonly #random: Random
  readonly #options: FaultOptions
  readonly #goesThrough: () => Promise<void>

  constructor(system: System, random: Random, options: FaultOptions, goesThrough: () => Promise<void>) {
    this.#system = system
    this.#random = random
    this.#options = options
    this.#goesThrough = goesThrough
  }

  /** All of them; `cut` says if there was no time for some. */
  async run(): Promise<void> {
    const { kills, pauses, jumps, disk, until, say } = this.#options
    const others = [
      ...Array.from({ length: pauses }, () => () => this.#standStill()),
      ...Array.from({ length: jumps }, () => () => this.#jump()),
      ...(disk === undefined ? [] : [() => this.#fill(disk)]),
    ]
    const every = Math.max(1, Math.floor(kills / (others.length + 1)))
    for (let n = 1; n <= kills; n += 1) {
      if (performance.now() > until) {
        this.cut = `the time was up after ${n - 1} of ${kills} kills`
        return say(this.cut)
      }
      await this.#kill()
      if (n % every === 0) await others.shift()?.()
    }
    for (let other = others.shift(); other !== undefined; other = others.shift()) {
      if (performance.now() > until) {
        this.cut = `the time was up with ${others.length + 1} faults left after ${kills} kills`
        return say(this.cut)
      }
      await other()
    }
  }

  get killed(): Spell[] {
    return this.spells.filter(({ what }) => what === 'killed')
  }

  async #kill(): Promise<void> {
    const random = this.#random
    const parts = this.#some(random.chance(0.3) ? random.between(2, 4) : 1)
    const from = Date.now()
    await Promise.all(parts.map((part) => part.kill()))
    await wait(random.between(0, DOWN_MS))
    for (const part of parts) part.start()
    await this.#over('killed', parts, from, random.chance(this.#options.hurried))
  }

  async #standStill(): Promise<void> {
    const parts = this.#some(this.#random.chance(0.3) ? 2 : 1)
    const from = Date.now()
    for (const part of parts) part.pause()
    await wait(this.#options.pauseMs)
    for (const part of parts) part.goOn()
    await this.#over('stood still', parts, from, false)
  }

  async #jump(): Promise<void> {
    const from = Date.now()
    // What a store accepts while its own clock is ahead is due by that, hours after the clock is right again.
    const furthest = this.#system.shiftsStore ? 0 : FURTHEST_MS
    writeFileSync(this.#system.clockFile, String(this.#random.between(-FURTHEST_MS, furthest)))
    await wait(JUMP_MS)
    writeFileSync(this.#system.clockFile, '0')
    await this.#over('clock', [], from, false)
  }

  async #fill(disk: string): Promise<void> {
    const from = Date.now()
    const empty = fillDisk(disk)
    await wait(DISK_MS)
    empty()
    await this.#over('disk', [this.#system.parts.get('postgres')!], from, false)
  }

  #words(): string {
    return [...this.#system.parts.values()].map((part) => `${part.name} says: ${part.words()}`).join('\n')
  }

  #some(count: number): Part[] {
    return this.#random.some([...this.#system.parts.values()], count)
  }

  /** The fault is over; `hurried`: the next one may find everything still on its way back. */
  async #over(what: Spell['what'], parts: Part[], from: number, hurried: boolean): Promise<void> {
    const names = parts.map(({ name }) => name)
    this.spells.push({ what, names, from, to: Date.now() })
    if (hurried) {
      await wait(this.#random.between(0, BETWEEN_MS))
      return
    }
    const began = performance.now()
    const late = wait(RECOVER_MS, 'late' as const, { ref: false })
    const came = await Promise.race([this.#goesThrough(), late])
    if (came === 'late') this.lasting.push(`${what}: ${names.join(', ')}\n${this.#words()}`)
    else this.recoveries.push({ names, ms: performance.now() - began })
    this.#options.say(`${what}: ${names.join(', ')}; through after ${Math.round(performance.now() - began)} ms`)
    await wait(this.#random.between(0, BETWEEN_MS))
  }
}
