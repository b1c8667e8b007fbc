import { withoutArgument, type Operator } from './conditions.ts'

type Path = (string | number)[]

/** What holds no conditions, though it may look as if it did. */
const elsewhere = 'trigger_data_json_schema'

/** Arguments anywhere in a file beside an operator that takes none; paths from the file on. */
export function idleArguments(file: unknown): { at: Path; message: string }[] {
  const found: { at: Path; message: string }[] = []
  visit(file, [])
  return found

  function visit(value: unknown, at: Path): void {
    if (typeof value !== 'object' || value === null) return
    const { operator, argument } = value as { operator?: unknown; argument?: unknown }
    const isAlone = withoutArgument.has(operator as Operator) && 'variable' in value
    if (isAlone && argument !== undefined && argument !== null && argument !== '')
      found.push({ at: [...at, 'argument'], message: `is ignored: ${String(operator)} looks at the variable alone` })
    for (const [name, inner] of Object.entries(value))
      if (name !== elsewhere) visit(inner, [...at, Array.isArray(value) ? Number(name) : name])
  }
}
