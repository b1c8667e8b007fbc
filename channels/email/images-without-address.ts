import type { JsonPath } from '../../definitions/source.ts'
import type { EmailTemplate } from './template.ts'
import type { VisualBlock } from './visual-block.ts'

/** Images that no message will have, with where they stand in the template. */
export function imagesWithoutAddress({ body }: EmailTemplate): { at: JsonPath; message: string }[] {
  if ('html' in body) return []
  return without(body.visualBlocks, ['visual_blocks']).map((at) => ({
    at: [...at, 'url'],
    message: 'is empty: the image is left out of every message',
  }))
}

function without(blocks: readonly VisualBlock[], at: JsonPath): JsonPath[] {
  return blocks.flatMap((block, index) => {
    if (block.type === 'image') return block.url === '' ? [[...at, index]] : []
    if (block.type !== 'row') return []
    return block.columns.flatMap((column, x) => without(column, [...at, index, 'columns', x, 'blocks']))
  })
}
