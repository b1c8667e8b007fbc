import path from 'node:path'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { Channel } from './catalog.ts'
import { channelOf } from './channels-file.ts'
import type { Definition, Library, Step } from './definition.ts'
import { fieldName, type DefinitionProblem } from './problem.ts'
import { readSource, type JsonPath, type Source } from './source.ts'
import { usedOf } from './library.ts'
import { unsetVars, usedVars } from './used-vars.ts'
import { workflowFile, type StepFile } from './workflow-file.ts'

const FILE = 'workflow.json'

/** Of the Workflow IDs of webhook deliveries and of housekeeping: a run's ID begins with its definition's key. */
const OWN_PREFIX = 'belay-'

/** What reading a folder's definitions needs and gathers. */
export interface Reading {
  library: Library
  problems: DefinitionProblem[]
  warnings: string[]
}

/** Reads and checks one definition, `<folder>/<key>/workflow.json`. Whatever is wrong is pushed to `problems`, what is odd to `warnings`. */
export async function readDefinition(
  folder: string,
  key: string,
  channels: readonly Channel[],
  { problems, warnings, library }: Reading,
): Promise<Definition | null> {
  const source = await readSource(path.join(folder, key), FILE)
  const before = problems.length
  const add = (at: JsonPath, message: string, file = source.fileOf(at)) => {
    problems.push({ file: `${key}/${file}`, ...placeOf(source, at), message })
  }
  if (key.startsWith(OWN_PREFIX))
    add([], `a definition key must not start with ${OWN_PREFIX}: Belay's own workflows do`)
  else if (!/^[a-z0-9_-]{3,255}$/.test(key))
    add([], 'a definition key, its folder name, is 3 to 255 of a-z, 0-9, _ and -')
  for (const problem of source.problems) add(problem.at, problem.message, problem.file)
  const parsed = workflowFile.safeParse(source.value, { error: zodErrorMap })
  for (const issue of parsed.error?.issues ?? []) {
    if (source.failedAt(issue.path)) continue
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [null]
    for (const name of unknown) add(name === null ? issue.path : [...issue.path, name], issue.message)
  }
  if (!parsed.success || problems.length > before) return null
  const last = parsed.data.steps.length - 1
  const steps = parsed.data.steps.map((step, index) =>
    compile(step, index === last ? null : index + 1, channels, (name, why) => add(['steps', index, name], why)),
  )
  const refs = steps.map((step) => step.ref)
  refs.forEach((ref, index) => {
    if (refs.indexOf(ref) !== index) add(['steps', index, 'ref'], `stands twice: ${ref}`)
  })
  if (!steps.some((step) => step.type === 'channel')) add(['steps'], 'has no channel step, so it would send nothing')
  const { name, categories, active } = parsed.data
  const used = usedVars(source.value)
  const place = (at: JsonPath) => ({ file: `${key}/${source.fileOf(at)}`, ...placeOf(source, at) })
  warnings.push(...unsetVars(new Set(Object.keys(library.vars)), used, place))
  const layoutKeys = steps.flatMap((step) =>
    'template' in step && 'layoutKey' in step.template ? [step.template.layoutKey] : [],
  )
  const named = layoutKeys.filter((layout) => layout !== null && layout !== undefined)
  const { used: shared, missing } = usedOf(library, textsOf(source.value), named)
  for (const partial of missing) add(['steps'], `renders the partial ${partial}, which is not in partials/`)
  for (const layout of new Set(named)) {
    if (library.layouts?.[layout] === undefined)
      warnings.push(`${key}/${FILE}: names the layout ${layout}, which is not in layouts/: a plain one is used`)
  }
  const definition = { key, name: name ?? key, categories, active, steps }
  const whole = { vars: library.vars, ...shared }
  if (Object.keys(library.vars).length === 0 && Object.keys(shared).length === 0) return definition
  return { ...definition, library: whole }
}

function compile(
  step: StepFile,
  next: number | null,
  channels: readonly Channel[],
  add: (field: string, message: string) => void,
): Step {
  if (step.type === 'delay') return { ...step, next }
  const { channelKey, ...file } = step
  const rest = { ...file, next }
  const channel = channelOf(channels, step.channelType, channelKey)
  if (typeof channel !== 'string') return { ...rest, channel }
  add('channel_key', channel)
  return { ...rest, channel: { key: '', id: '' } }
}

/** Every text of a file; a partial block counts as its tag. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  const { type, key } = value as { type?: unknown; key?: unknown }
  const block = type === 'partial' && typeof key === 'string' ? [`{% render '${key}' %}`] : []
  return [...block, ...Object.values(value).flatMap(textsOf)]
}

/** A path in a step is told by the step's ref and the path within it. */
function placeOf(source: Source, at: JsonPath): Pick<DefinitionProblem, 'step' | 'field'> {
  const [steps, index, ...rest] = at
  const ref = steps === 'steps' && typeof index === 'number' ? refOf(source.value, index) : undefined
  const field = fieldName(ref === undefined ? at : rest)
  return { ...(ref !== undefined && { step: ref }), ...(field !== '' && { field }) }
}

function refOf(value: unknown, index: number): string | undefined {
  const steps = (value as { steps?: unknown[] } | null | undefined)?.steps
  const ref = (steps?.[index] as { ref?: unknown } | null | undefined)?.ref
  return typeof ref === 'string' ? ref : undefined
}
