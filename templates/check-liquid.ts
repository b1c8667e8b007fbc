import { globalsOfLiquid, parseLiquid } from './liquid.ts'

/** What is wrong with an argument that is Liquid; null: nothing. */
export function checkLiquid(template: string): string | null {
  try {
    parseLiquid(template, 'text')
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** Whether a template reads a name at the root that it has not set itself; of one that does not parse: no. */
export function readsInLiquid(template: string, root: string): boolean {
  return template.includes(root) && checkLiquid(template) === null && globalsOfLiquid(template).includes(root)
}
