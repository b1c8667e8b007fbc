import { parseArgs } from 'node:util'
import { problemLine } from '../definitions/problem.ts'
import { readFolder } from '../definitions/read-catalog.ts'
import { readSettings } from '../settings/settings.ts'
import { assertKnownSteps } from './known-steps.ts'
import { offsetText } from './offset.ts'
import { linesOf } from './lines.ts'
import { rehearse } from './rehearse.ts'
import { options, readScript, USAGE } from './script.ts'

/** npm run rehearse -- <key>: the whole life of a workflow, on a clock of its own, as a timeline. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options })
  const [key] = positionals
  if (key === undefined || positionals.length > 1) throw new Error(`usage: ${USAGE}`)
  const settings = readSettings()
  const folder = values.folder ?? settings.BELAY_NOTIFICATIONS_DIR
  const catalog = await readFolder(folder)
  if (!catalog.definitions.has(key)) {
    const reasons = (catalog.leftOut?.get(key) ?? []).map(problemLine)
    if (reasons.length > 0) throw new Error(`${key} cannot be used:\n${reasons.join('\n')}`)
    throw new Error(
      `there is no definition ${key} in ${folder}; there are: ${[...catalog.definitions.keys()].join(', ')}`,
    )
  }
  const read = await readScript(key, values, settings.BELAY_HTTP_ALLOW_PRIVATE)
  const script = { ...read, timeZone: settings.BELAY_TIME_ZONE, secretHosts: settings.BELAY_HTTP_SECRET_HOSTS }
  assertKnownSteps(catalog, script)
  const began = performance.now()
  const entries = await rehearse(catalog, script)
  if (entries.some(({ isRefused }) => isRefused)) process.exitCode = 1
  const start = new Date(script.start).toISOString()
  if (values.json === true) {
    const told = entries.map(({ at, ...entry }) => {
      return { at: new Date(at).toISOString(), offset: offsetText(at - script.start), ...entry }
    })
    console.log(JSON.stringify({ workflow: key, start, entries: told }, null, 2))
    return
  }
  for (const warning of catalog.warnings ?? []) if (warning.startsWith(`${key}/`)) console.error(`warning: ${warning}`)
  const last = entries.at(-1)?.at ?? script.start
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(
    `${key}, from ${start}: ${offsetText(last - script.start)}, rehearsed in ${seconds} s; nothing was sent\n`,
  )
  for (const line of linesOf(entries, script.start)) console.log(line)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
