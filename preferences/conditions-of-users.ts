import { compileConditions } from '../conditions/compile.ts'
import { fieldName } from '../json/field-name.ts'

/**
 * What a user may not ask in preferences they set themselves, by field: `vars`, whose secrets their messages would tell
 * guess by guess, and Liquid, which reads them through partials, too, and whose cost is the worker's. `at`: where the set stands.
 */
export function notForUsers(set: unknown, at: readonly string[] = []): { field: string; message: string }[] {
  if (typeof set !== 'object' || set === null) return []
  return Object.entries(set).flatMap(([name, inner]) => {
    const here = [...at, name]
    if (name !== 'conditions' || !Array.isArray(inner)) return notForUsers(inner, here)
    const { problems } = compileConditions(inner, { place: 'preference', isOfUser: true })
    return problems.map(({ path, message }) => ({ field: fieldName([...here, ...path]), message }))
  })
}
