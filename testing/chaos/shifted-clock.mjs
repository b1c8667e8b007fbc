// Loaded before everything else: this process's clock is off by as many milliseconds as the file CHAOS_CLOCK_FILE says.
import { readFileSync } from 'node:fs'
import { env } from 'node:process'
import { setInterval } from 'node:timers'

const LOOK_MS = 200
const file = env.CHAOS_CLOCK_FILE
const Real = Date
let offset = 0

function look() {
  try {
    offset = Number(readFileSync(file, 'utf8')) || 0
  } catch {
    offset = 0
  }
}

if (file !== undefined) {
  look()
  setInterval(look, LOOK_MS).unref()
  globalThis.Date = new Proxy(Real, {
    apply: () => new Real(Real.now() + offset).toString(),
    construct: (target, given, of) => Reflect.construct(target, given.length === 0 ? [Real.now() + offset] : given, of),
    get: (target, name) => (name === 'now' ? () => Real.now() + offset : Reflect.get(target, name)),
  })
}
