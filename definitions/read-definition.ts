import path from 'node:path'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { Channel } from './catalog.ts'
import { unknownRefProblems } from '../conditions/refs.ts'
import { kindOf } from '../steps/registry.ts'
import type { JsonObject } from '../store/schema/columns.ts'
import { compileSteps } from './compile-steps.ts'
import type { Definition, Library } from './definition.ts'
import { withChannelTypes } from './infer-channel-type.ts'
import { fieldName, type DefinitionProblem } from './problem.ts'
import { readSource, type JsonPath, type Source } from './source.ts'
import { usedOf } from './library.ts'
import { unsetVars, usedVars } from './used-vars.ts'
import { workflowFile } from './workflow-file.ts'

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
  const parsed = workflowFile.safeParse(withChannelTypes(source.value, channels), { error: zodErrorMap })
  for (const issue of parsed.error?.issues ?? []) {
    if (source.failedAt(issue.path)) continue
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [null]
    for (const name of unknown) add(name === null ? issue.path : [...issue.path, name], issue.message)
  }
  for (const { path: at, message } of unknownRefProblems(source.value)) add(at, message)
  if (!parsed.success || problems.length > before) return null
  const placed = compileSteps(parsed.data.steps, channels, add)
  const steps = placed.map(({ step }) => step)
  const refs = steps.map(({ ref }) => ref)
  placed.forEach(({ step: { ref }, at }, index) => {
    if (refs.indexOf(ref) !== index) add([...at, 'ref'], `stands twice: ${ref}`)
  })
  if (!steps.some((step) => kindOf(step.type).acts))
    add(['steps'], 'has no channel step and none that acts on the outside, so it would do nothing')
  const { name, categories, active, conditions, triggerSchema, isCommercial, overridePreferences } = parsed.data
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
  const definition: Definition = {
    key,
    name: name ?? key,
    categories,
    active,
    ...(conditions !== null && { conditions }),
    ...(triggerSchema !== null && { triggerSchema: triggerSchema as JsonObject }),
    ...(isCommercial && { isCommercial }),
    ...(overridePreferences && { overridePreferences }),
    steps,
  }
  const { vars, preferences } = library
  const whole = { vars, ...(preferences !== undefined && { preferences }), ...shared }
  if (Object.keys(vars).length === 0 && Object.keys(whole).length === 1) return definition
  return { ...definition, library: whole }
}

/** Every text of a file; a partial block counts as its tag. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  const { type, key } = value as { type?: unknown; key?: unknown }
  const block = type === 'partial' && typeof key === 'string' ? [`{% render '${key}' %}`] : []
  return [...block, ...Object.values(value).flatMap(textsOf)]
}

/** A path in a step is told by the step's ref and the path within it; in a step of a branch by that step's. */
function placeOf(source: Source, at: JsonPath): Pick<DefinitionProblem, 'step' | 'field'> {
  let place: { ref: string | undefined; depth: number } = { ref: undefined, depth: 0 }
  let value = source.value
  at.forEach((part, index) => {
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part]
    if (typeof part !== 'number' || at[index - 1] !== 'steps') return
    const ref = (value as { ref?: unknown } | null | undefined)?.ref
    if (typeof ref === 'string') place = { ref, depth: index + 1 }
  })
  const field = fieldName(at.slice(place.depth))
  return { ...(place.ref !== undefined && { step: place.ref }), ...(field !== '' && { field }) }
}
