import path from 'node:path'
import { parseArgs } from 'node:util'
import { readObjectFile } from '../json/object-file.ts'
import { readSettings } from '../settings/settings.ts'
import { writePreview } from './preview.ts'
import { problemLine } from './problem.ts'
import { findProject } from './project.ts'
import { readFolder } from './read-catalog.ts'

const USAGE = `npm run definitions -- check [folder]
       npm run definitions -- preview <key> --data file.json [--recipient file.json] [--actor file.json] [--tenant file.json]
         [--out folder]`

/** npm run definitions -- check: every mistake of every file; preview: what a definition's messages look like. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      ...{ data: { type: 'string' }, recipient: { type: 'string' }, out: { type: 'string' } },
      ...{ actor: { type: 'string' }, tenant: { type: 'string' } },
    },
  })
  const [command, key, more] = positionals
  if (more !== undefined)
    throw new Error(
      `${more} is one too many: ${command} takes one ${command === 'check' ? 'folder' : 'key'}\nusage: ${USAGE}`,
    )
  if (command === 'check') return check(key ?? readSettings().BELAY_NOTIFICATIONS_DIR)
  if (command !== 'preview' || key === undefined) throw new Error(`usage: ${USAGE}`)
  // What is wrong elsewhere hinders nobody here.
  const catalog = await readFolder(readSettings().BELAY_NOTIFICATIONS_DIR)
  const version = catalog.definitions.get(key)
  const own = catalog.leftOut?.get(key)
  if (own !== undefined) throw new Error([`${key} cannot be used:`, ...own.map(problemLine)].join('\n'))
  if (version === undefined)
    throw new Error(`there is no definition ${key}; there are: ${[...catalog.definitions.keys()].join(', ')}`)
  const out = values.out ?? path.join('preview', key)
  const told = await writePreview(version.definition, {
    data: await objectIn(values.data),
    recipient: await objectIn(values.recipient),
    actor: values.actor === undefined ? undefined : await objectIn(values.actor),
    tenant: values.tenant === undefined ? undefined : await objectIn(values.tenant),
    out,
  })
  for (const line of [...(catalog.warningsOf?.get(key) ?? []), ...told]) console.error(line)
  console.log(`written: ${path.join(out, 'index.html')}`)
}

/** A line for each mistake and each oddity; exit code 1 if there is a mistake, or no workflow at all: a path that is wrong. */
async function check(folder: string): Promise<void> {
  const { workflows, isOneWorkflow } = await findProject(folder)
  if (isOneWorkflow) throw new Error(`${folder} is one workflow: name the folder that it stands in, or its project`)
  const { definitions, leftOut, problems = [], warnings = [] } = await readFolder(folder)
  for (const warning of warnings) console.log(`warning: ${warning}`)
  for (const problem of problems) console.log(problemLine(problem))
  const mistakes = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
  if (definitions.size === 0 && (leftOut === undefined || leftOut.size === 0))
    throw new Error(
      `there is no workflow in ${workflows}: it holds a folder for each workflow, with a workflow.json in it`,
    )
  console.log(`${definitions.size} definitions can be used; ${mistakes}`)
  if (problems.length > 0) process.exitCode = 1
}

async function objectIn(file: string | undefined): Promise<Record<string, unknown>> {
  return file === undefined ? {} : readObjectFile(file)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
