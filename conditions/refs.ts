import { unknownRef } from './comparison.ts'
import type { ConditionProblem } from './compile.ts'
import { parsePath } from './path.ts'

type Path = (string | number)[]

/** The refs of all steps of a workflow file, branches and cohorts included, whatever else is wrong with it. */
export function stepRefsOf(file: unknown): Set<string> {
  const refs = new Set<string>()
  walkSteps(file, [], (step) => {
    if (typeof step.ref === 'string') refs.add(step.ref)
  })
  return refs
}

/** Conditions of a workflow file that name a step which it does not have; paths from the file on. */
export function unknownRefProblems(file: unknown): ConditionProblem[] {
  const refs = stepRefsOf(file)
  const problems: ConditionProblem[] = []
  const visit = (value: unknown, at: Path) => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      const here = [...at, Array.isArray(value) ? Number(key) : key]
      if (typeof inner !== 'string') visit(inner, here)
      else if (key === 'variable' || (key === 'argument' && inner.includes('.'))) {
        const path = parsePath(inner.trim())
        if (path?.[0] === 'refs' && path[1] !== undefined && !refs.has(path[1]))
          problems.push({ path: here, message: unknownRef(path[1], refs) })
      }
    }
  }
  walkSteps(file, [], (step, at) => {
    visit(step.conditions, [...at, 'conditions'])
    const settings = step.settings as Record<string, unknown> | null | undefined
    visit(settings?.match_conditions, [...at, 'settings', 'match_conditions'])
  })
  return problems
}

/** Every step and branch of a file; no deeper than a file may be nested, twice over. */
function walkSteps(owner: unknown, at: Path, visit: (step: Record<string, unknown>, at: Path) => void): void {
  if (typeof owner !== 'object' || owner === null || at.length > 40) return
  for (const name of ['steps', 'branches', 'cohort_branches']) {
    const list = (owner as Record<string, unknown>)[name]
    if (!Array.isArray(list)) continue
    list.forEach((step: unknown, index) => {
      if (typeof step !== 'object' || step === null) return
      visit(step as Record<string, unknown>, [...at, name, index])
      walkSteps(step, [...at, name, index], visit)
    })
  }
}
