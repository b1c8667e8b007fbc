import { operandOf } from '../conditions/path.ts'
import { liquid } from '../definitions/fields.ts'
import { isLiquidKey, keyPath } from './key-path.ts'

const NO_PATH =
  'must be a path such as data.page_id, or Liquid such as {{ data.page_id }}; a field whose name has blanks or brackets is {{ data["a b"] }}'
const MESSAGES = 'asks for the messages of a step, which only conditions can'

/**
 * A key of a workflow file, a path or Liquid; absent and empty are none: null. It is kept as it was written where `kept`,
 * how the step reads what is kept, finds the same there, so that files that mean what they meant are the version they were.
 */
export function keyField(kept: (key: string) => readonly string[] | null) {
  return liquid('text')
    .superRefine((text, issues) => {
      if (text.trim() === '' || isLiquidKey(text)) return
      const path = keyPath(text)
      if (path === null) issues.addIssue({ code: 'custom', message: NO_PATH })
      else if (operandOf(path).kind === 'status') issues.addIssue({ code: 'custom', message: MESSAGES })
    })
    .nullish()
    .transform((given): string | null => {
      const text = given?.trim() ?? ''
      const path = isLiquidKey(text) || text === '' ? null : keyPath(text)
      if (path === null) return text === '' ? null : text
      const read = kept(text) ?? []
      const isSame = read.length === path.length && path.every((part, index) => part === read[index])
      return isSame ? text : path.join('.')
    })
}
