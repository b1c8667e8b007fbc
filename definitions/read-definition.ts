import path from 'node:path'
import type { z } from 'zod'
import { CHANNELS_FILE } from './channels-file.ts'
import { chosenHosts } from './chosen-hosts.ts'
import { PREFERENCES_FILE } from './preferences-file.ts'
import { fileAndLine, stepAndField } from './place.ts'
import { refsInField } from './field-refs.ts'
import { layoutsOf, rawSteps, textsOf } from './raw-steps.ts'
import { unsetSecrets, VARS_FILE } from './vars-file.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { Channel } from './catalog.ts'
import type { ChannelRules } from './channel-groups.ts'
import { idleArguments } from '../conditions/idle-arguments.ts'
import { laterRefs, unknownRefProblems } from '../conditions/refs.ts'
import { channelTypeOf } from '../channels/registry.ts'
import { kindOf } from '../steps/registry.ts'
import type { JsonObject } from '../store/schema/columns.ts'
import { compileSteps, type PlacedStep } from './compile-steps.ts'
import type { Definition, Library } from './definition.ts'
import { withChannelTypes } from './infer-channel-type.ts'
import { problemPlace, type DefinitionProblem, type Remark } from './problem.ts'
import { holdsJson } from './json-fields.ts'
import { readSource, type JsonPath } from './source.ts'
import { usedOf } from './library.ts'
import { unreachedSteps } from './unreached-steps.ts'
import { unreadFields } from './unread-fields.ts'
import { unsetVars, usedVars } from './used-vars.ts'
import { withoutFaults } from './without-faults.ts'
import { workflowFile } from './workflow-file.ts'

const FILE = 'workflow.json'

/** Of the Workflow IDs of webhook deliveries and of housekeeping: a run's ID begins with its definition's key. */
const OWN_PREFIX = 'belay-'

/** What reading a folder's definitions needs and gathers. */
export interface Reading {
  library: Library
  rules: ChannelRules
  problems: DefinitionProblem[]
  /** What the definition lacks though nothing is wrong with its own files. */
  lacking: DefinitionProblem[]
  warnings: string[]
  /** Of every file that the definition is read from. */
  stamps: Map<string, string | null>
  /** Where vars.json's `$NAME` are looked for. */
  env: NodeJS.ProcessEnv
  /** Of the shared files, those that cannot be used: `channels.json`, `layouts/default`. */
  unusable: ReadonlySet<string>
}

/**
 * Reads and checks one definition, `<folder>/<key>/workflow.json`; null if it cannot be used. Whatever is wrong is pushed
 * to `problems`, all of it, and what is odd to `warnings`.
 */
export async function readDefinition(
  folder: string,
  key: string,
  channels: readonly Channel[],
  { problems, lacking, warnings, stamps, library, rules, env, unusable }: Reading,
): Promise<Definition | null> {
  const source = await readSource(path.join(folder, key), FILE, holdsJson)
  for (const [file, stamp] of source.stamps) stamps.set(file, stamp)
  const before = problems.length
  const add = (at: JsonPath, message: string, { file, line } = fileAndLine(source, at, message)) => {
    problems.push({ file: `${key}/${file}`, ...(line !== undefined && { line }), ...stepAndField(source, at), message })
  }
  if (key.startsWith(OWN_PREFIX))
    add([], `a definition key must not start with ${OWN_PREFIX}: Belay's own workflows do`)
  else if (!/^[a-z0-9_-]{3,255}$/.test(key))
    add([], 'a definition key, its folder name, is 3 to 255 of a-z, 0-9, _ and -')
  for (const { at, message, file, line } of source.problems) add(at, message, { file, line: line ?? source.lineOf(at) })
  const known = [...channels, ...[...rules.groups].map(([group, { type }]) => ({ key: group, type }))]
  const typed = withChannelTypes(source.value, known)
  const parsed = workflowFile.safeParse(typed, { error: zodErrorMap })
  for (const issue of parsed.error?.issues ?? []) {
    if (source.failedAt(issue.path)) continue
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [null]
    for (const name of unknown) add(name === null ? issue.path : [...issue.path, name], issue.message)
  }
  for (const { path: at, message } of unknownRefProblems(source.value, refsInField)) add(at, message)
  const idle: Remark[] = []
  const report = { add, warn: (at: JsonPath, message: string) => idle.push({ at, message }) }
  const compiled = parsed.success ? compileSteps(parsed.data.steps, channels, rules, report) : null
  const rest = parsed.success ? compiled : othersOf(typed, parsed.error, channels, rules, report)
  const placed: readonly { step: { ref?: string }; at: JsonPath }[] = compiled ?? rawSteps(source.value)
  const refs = placed.map(({ step }) => step.ref)
  placed.forEach(({ at }, index) => {
    const ref = refs[index]
    if (ref !== undefined && refs.indexOf(ref) !== index) add([...at, 'ref'], `stands twice: ${ref}`)
  })
  const used = usedVars(source.value)
  const named = layoutsOf(source.value)
  const { used: shared, missing, translated } = usedOf(library, textsOf(source.value), named)
  const ofShared = sharedFiles(shared).map(({ file, value }) => ({ file, used: usedVars(value) }))
  const allUsed = [...used, ...ofShared.flatMap((each) => each.used)]
  const usesVars = allUsed.length > 0
  const folders = [...missing.map((each) => `partials/${each}`), ...named.map((each) => `layouts/${each}`)]
  for (const partial of missing.filter((each) => !unusable.has(`partials/${each}`)))
    add(['steps'], `renders the partial ${partial}, which is not in partials/`)
  for (const file of unusable) {
    const isNeeded = folders.includes(file) || isNeededOf(file, { vars: usesVars, translations: translated })
    if (isNeeded) lacking.push({ file: `${key}/${FILE}`, message: `needs ${file}, which cannot be used` })
  }
  for (const { step, at } of rest ?? []) {
    if (step.type !== 'channel') continue
    const faults = channelTypeOf(step.channelType).check?.(step.template, library) ?? []
    for (const { at: within, message } of faults) add([...at, 'template', ...within], message)
  }
  if (compiled === null || !parsed.success) return null
  const steps = compiled.map(({ step }) => step)
  if (!steps.some((step) => kindOf(step.type).acts))
    add(['steps'], 'has no channel step and none that acts on the outside, so it would do nothing')
  if (problems.length > before || lacking.length > 0) return null
  const { name, categories, active, conditions, frequency, triggerSchema, isCommercial, overridePreferences } =
    parsed.data
  const place = (at: JsonPath) => ({ file: `${key}/${source.fileOf(at)}`, ...stepAndField(source, at) })
  warnings.push(...unsetVars(library.vars, used, place))
  for (const each of ofShared) warnings.push(...unsetVars(library.vars, each.used, () => ({ file: each.file })))
  for (const name of new Set(allUsed.map(({ names }) => names[0]!)))
    warnings.push(...unsetSecrets(library.vars[name], env))
  const remarks = compiled.flatMap(({ step, at }) => {
    if (step.type !== 'channel') return []
    const told = channelTypeOf(step.channelType).remarks?.(step.template, library) ?? []
    return told.map(({ at: within, message }) => ({ at: [...at, 'template', ...within], message }))
  })
  const later = laterRefs(source.value, refsInField).map(({ path: at, message }) => ({ at, message }))
  const unread = unreadFields(workflowFile, typed)
  const chosen = chosenHosts(compiled, library, channels, env)
  const unreached = unreachedSteps(compiled)
  const odd = [
    ...[...later, ...parsed.data.idle, ...idleArguments(source.value)],
    ...[...idle, ...unread, ...remarks, ...chosen, ...unreached],
  ]
  for (const { at, message } of odd) {
    const line = source.lineOf(at)
    warnings.push(`${problemPlace({ ...place(at), ...(line !== undefined && { line }) })}: ${message}`)
  }
  for (const layout of named) {
    if (library.layouts?.[layout] === undefined)
      warnings.push(`${key}/${FILE}: names the layout ${layout}, which is not in layouts/: a plain one is used`)
  }
  const definition: Definition = {
    key,
    name: name ?? key,
    categories,
    active,
    ...(conditions !== null && { conditions }),
    ...(frequency !== null && { frequency }),
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

/** The steps that can be read of a file of which others cannot; null where none can. */
function othersOf(
  file: unknown,
  { issues }: z.ZodError,
  channels: readonly Channel[],
  rules: ChannelRules,
  report: Parameters<typeof compileSteps>[3],
): PlacedStep[] | null {
  const faults = issues.flatMap(({ path: at, ...issue }) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((name) => [...at, name]) : [at],
  )
  const parsed = workflowFile.safeParse(withoutFaults(file, faults))
  return parsed.success ? compileSteps(parsed.data.steps, channels, rules, report) : null
}

function sharedFiles({ layouts = {}, partials = {} }: Partial<Library>): { file: string; value: unknown }[] {
  const filesOf = (folder: string, all: Record<string, unknown>) =>
    Object.entries(all).map(([key, value]) => ({ file: `${folder}/${key}`, value }))
  return [...filesOf('layouts', layouts), ...filesOf('partials', partials)]
}

/** Whether a definition cannot do without a shared file. */
function isNeededOf(file: string, uses: { vars: boolean; translations: boolean }): boolean {
  if (file === CHANNELS_FILE || file === PREFERENCES_FILE) return true
  return file === VARS_FILE ? uses.vars : file.startsWith('translations/') && uses.translations
}
