import { cover } from '../../../templates/liquid-source.ts'
import { isMjmlDocument } from './mjml-content.ts'
import { checkComponents, compileMjml } from './mjml.ts'

/**
 * What is wrong with MJML before any value is in it, null for nothing. Where Liquid decides what stands there, only the names
 * of components can be judged; the rest shows when a message is made.
 */
export function mjmlProblem(source: string): string | null {
  const { text } = cover(source)
  try {
    checkComponents(text)
    if (!source.includes('{%') && isMjmlDocument(source)) compileMjml(text)
    return null
  } catch (error) {
    return (error as Error).message
  }
}
