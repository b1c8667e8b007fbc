import { valueArgument } from './argument.ts'
import { compileComparison, unknownRef } from './comparison.ts'
import type { ConditionProblem } from './compile.ts'
import type { Argument, Json } from './conditions.ts'
import { parsePath } from './path.ts'

type Path = (string | number)[]

/** The fields that hold steps, or what holds some. */
const lists = ['steps', 'branches', 'cohort_branches']

/** The refs that the text of a field reads which is no condition or an argument's template: Liquid, say. */
export type RefsInText = (text: string, field: string) => readonly string[]

/** A step that is asked for somewhere in a workflow file, and where it stands as seen from there. */
interface RefRead {
  path: Path
  ref: string
  stands: 'before' | 'later' | 'nowhere'
}

/** The refs of all steps of a workflow file, branches and cohorts included, whatever else is wrong with it. */
export function stepRefsOf(file: unknown): Set<string> {
  const refs = new Set<string>()
  walkSteps(file, [], (step) => {
    if (typeof step.ref === 'string') refs.add(step.ref)
  })
  return refs
}

/** Conditions and texts of a workflow file that name a step which it does not have; paths from the file on. */
export function unknownRefProblems(file: unknown, inText: RefsInText = () => []): ConditionProblem[] {
  const refs = stepRefsOf(file)
  return readsOf(file, inText)
    .filter(({ stands }) => stands === 'nowhere')
    .map(({ path, ref }) => ({ path, message: unknownRef(ref, refs) }))
}

/** Those that name a step which comes later, or is the very one: it has made nothing by then. */
export function laterRefs(file: unknown, inText: RefsInText): ConditionProblem[] {
  return readsOf(file, inText)
    .filter(({ stands }) => stands === 'later')
    .map(({ path, ref }) => ({ path, message: `asks for step ${ref}, which has not been taken by then` }))
}

function readsOf(file: unknown, inText: RefsInText): RefRead[] {
  const refs = stepRefsOf(file)
  const reads: RefRead[] = []
  const before = new Set<string>()
  walkSteps(file, [], (step, at) => {
    visit(Object.fromEntries(Object.entries(step).filter(([name]) => !lists.includes(name))), at, false)
    if (typeof step.ref === 'string') before.add(step.ref)
  })
  return reads

  function visit(value: unknown, at: Path, isCondition: boolean): void {
    if (typeof value !== 'object' || value === null) return
    if (isCondition && 'variable' in value) return visitComparison(value, at)
    for (const [key, inner] of Object.entries(value)) {
      const here = [...at, Array.isArray(value) ? Number(key) : key]
      const within = isCondition || isConditions(here, at)
      if (typeof inner !== 'string') visit(inner, here, within)
      else if (!within) for (const ref of inText(inner, key)) add(here, ref)
    }
  }

  function visitComparison(item: Record<string, unknown>, at: Path): void {
    const { variable } = item
    const path = typeof variable === 'string' ? parsePath(variable.trim()) : null
    if (path?.[0] === 'refs' && path[1] !== undefined) add([...at, 'variable'], path[1])
    const argument = argumentOf(item)
    for (const ref of argument === null ? [] : refsInArgument(argument, inText)) add([...at, 'argument'], ref)
  }

  function add(path: Path, ref: string): void {
    const stands = before.has(ref) ? 'before' : refs.has(ref) ? 'later' : 'nowhere'
    reads.push({ path, ref, stands })
  }
}

/** `conditions` of a step or branch itself, and a wait's `match_conditions`. */
function isConditions(here: Path, owner: Path): boolean {
  const name = here.at(-1)
  if (name === 'conditions') return typeof owner.at(-1) === 'number'
  return name === 'match_conditions' && owner.at(-1) === 'settings'
}

/** The argument as the condition reads it; where something else is wrong with that, as if it were compared by itself. */
function argumentOf(item: Record<string, unknown>): Argument | null {
  const compiled = compileComparison(item, { place: 'wait' }, () => undefined)
  if (compiled !== null) return compiled.argument
  return item['argument'] === undefined ? null : valueArgument('equal_to', item['argument'] as Json)
}

function refsInArgument(argument: Argument, inText: RefsInText): readonly string[] {
  switch (argument.kind) {
    case 'list':
      return argument.items.flatMap((item) => refsInArgument(item, inText))
    case 'liquid':
      return inText(argument.template, 'argument')
    case 'status':
      return [argument.ref]
    case 'path':
      return argument.path[0] === 'refs' && argument.path[1] !== undefined ? [argument.path[1]] : []
    default:
      return []
  }
}

/** Every step and branch of a file, in their order; no deeper than a file may be nested, twice over. */
function walkSteps(owner: unknown, at: Path, visit: (step: Record<string, unknown>, at: Path) => void): void {
  if (typeof owner !== 'object' || owner === null || at.length > 40) return
  for (const name of lists) {
    const list = (owner as Record<string, unknown>)[name]
    if (!Array.isArray(list)) continue
    list.forEach((step: unknown, index) => {
      if (typeof step !== 'object' || step === null) return
      visit(step as Record<string, unknown>, [...at, name, index])
      walkSteps(step, [...at, name, index], visit)
    })
  }
}
