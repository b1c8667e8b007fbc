import type { Remark } from '../../definitions/problem.ts'
import type { JsonPath } from '../../definitions/source.ts'
import { oddInMarkdown } from '../../templates/markdown.ts'
import type { EmailTemplate } from './template.ts'
import type { VisualBlock } from './visual-block.ts'

/** What is odd in blocks, with where it stands in the template: images that no message will have, tags that are moved. */
export function remarksOnBlocks({ body }: EmailTemplate): Remark[] {
  return 'html' in body ? [] : remarksOn(body.visualBlocks, ['visual_blocks'])
}

function remarksOn(blocks: readonly VisualBlock[], at: JsonPath): Remark[] {
  return blocks.flatMap((block, index): Remark[] => {
    const here = [...at, index]
    if (block.type === 'image' && block.url === '')
      return [{ at: [...here, 'url'], message: 'is empty: the image is left out of every message' }]
    if (block.type === 'markdown')
      return oddInMarkdown(block.content).map((message) => ({ at: [...here, 'content'], message }))
    if (block.type !== 'row') return []
    return block.columns.flatMap((column, x) => remarksOn(column, [...here, 'columns', x, 'blocks']))
  })
}
