import { test } from 'node:test'
import { chaos } from '../../testing/chaos/chaos.ts'
import { hold, told } from '../../testing/chaos/hold.ts'
import { writeFigures } from '../../testing/chaos/write-figures.ts'

const given = (name: string, otherwise: number) => Number(process.env[`BELAY_CHAOS_${name}`] ?? otherwise)
/** How often something is killed; another seed is another run. */
const kills = given('KILLS', 100)
const seed = given('SEED', Date.now() % 1_000_000)
/** A hundred kills take half an hour of the processes, and 50 minutes of `npm start`: both longer on a busy machine. */
const minutes = given('MINUTES', 90)

for (const system of ['processes', 'embedded'] as const) {
  test(`${system}: killed ${kills} times, stopped and set wrong: each has what the definition says, or a verdict`, async (t) => {
    const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`)
    say(`BELAY_CHAOS_SEED=${seed}`)
    const result = await chaos({
      system,
      code: 'built',
      seed,
      kills,
      pauses: Math.ceil(kills / 25),
      // Beyond leases, heartbeats and deadlines.
      pauseMs: 75_000,
      jumps: Math.ceil(kills / 20),
      disk: true,
      perSecond: given('PER_SECOND', 2),
      mostPending: Infinity,
      hurried: given('HURRIED', 0.5),
      forMs: minutes * 60_000,
      say,
    })
    const lines = told(result, seed)
    for (const line of lines) t.diagnostic(line)
    hold(result)
    writeFigures(system, lines)
  })
}
