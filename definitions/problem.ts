/** One reason why a file of the notifications folder cannot be used. */
export interface DefinitionProblem {
  /** Within the notifications folder. */
  file: string
  /** Where in the file, from 1, if that is known. */
  line?: number
  /** The ref of the step. */
  step?: string
  /** `template.visual_blocks[1].content`, within the step if one is named, else within the file. */
  field?: string
  message: string
}

/** What says nothing where it stands, or is odd there: a path within what is looked at. Told at start, and nothing is refused. */
export interface Remark {
  at: readonly PropertyKey[]
  message: string
}

/** Everything that is wrong with the notifications folder, at once. */
export class DefinitionsError extends Error {
  override readonly name = 'DefinitionsError'
  readonly problems: readonly DefinitionProblem[]

  constructor(problems: readonly DefinitionProblem[]) {
    super(`These definitions cannot be used:\n${problems.map((problem) => `  ${problemLine(problem)}`).join('\n')}`)
    this.problems = problems
  }
}

/** `comments/workflow.json:12, step email_1, template.subject: must not be empty` */
export function problemLine({ message, ...place }: DefinitionProblem): string {
  return `${problemPlace(place)}: ${message}`
}

/** `comments/workflow.json:12, step email_1, template.subject` */
export function problemPlace({ file, line, step, field }: Omit<DefinitionProblem, 'message'>): string {
  const where = [line === undefined ? file : `${file}:${line}`, step === undefined ? undefined : `step ${step}`, field]
  return where.filter((part) => part !== undefined).join(', ')
}

/** `steps[0].template.subject` */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`
    return name === '' ? String(part) : `${name}.${String(part)}`
  }, '')
}
