/** One reason why the notifications folder cannot be used. */
export interface DefinitionProblem {
  /** Within the notifications folder. */
  file: string
  /** The ref of the step. */
  step?: string
  /** `template.visual_blocks[1].content`, within the step if one is named, else within the file. */
  field?: string
  message: string
}

/** Everything that is wrong with the notifications folder, at once. */
export class DefinitionsError extends Error {
  override readonly name = 'DefinitionsError'
  readonly problems: readonly DefinitionProblem[]

  constructor(problems: readonly DefinitionProblem[]) {
    super(`These definitions cannot be used:\n${problems.map(line).join('\n')}`)
    this.problems = problems
  }
}

function line({ file, step, field, message }: DefinitionProblem): string {
  const where = [file, step === undefined ? undefined : `step ${step}`, field]
  return `  ${where.filter((part) => part !== undefined).join(', ')}: ${message}`
}

/** `steps[0].template.subject` */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`
    return name === '' ? String(part) : `${name}.${String(part)}`
  }, '')
}
