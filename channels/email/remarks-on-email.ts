import type { Library } from '../../definitions/definition.ts'
import type { Remark } from '../../definitions/problem.ts'
import type { JsonPath } from '../../definitions/source.ts'
import { remarksOnHtml, remarksOnMarkdown, remarksOnTexts } from '../remarks.ts'
import type { EmailTemplate } from './template.ts'
import type { VisualBlock } from './visual-block.ts'

/**
 * What is odd in an e-mail, with where it stands in the template: images that no message will have, tags that are moved, HTML
 * where it is text.
 */
export function remarksOnEmail({ subject, textBody, body }: EmailTemplate, { partials }: Library): Remark[] {
  const inBody =
    'html' in body
      ? remarksOnHtml(['html_body'], body.html, partials)
      : remarksOnBlocks(body.visualBlocks, ['visual_blocks'], partials)
  return [...remarksOnTexts({ subject, text_body: textBody }), ...inBody]
}

function remarksOnBlocks(blocks: readonly VisualBlock[], at: JsonPath, partials: Library['partials']): Remark[] {
  return blocks.flatMap((block, index): Remark[] => {
    const here = [...at, index]
    switch (block.type) {
      case 'image':
        return block.url === '' ? [{ at: [...here, 'url'], message: NO_IMAGE }] : []
      case 'markdown':
        return remarksOnMarkdown([...here, 'content'], block.content, partials)
      case 'html':
        return remarksOnHtml([...here, 'content'], block.content, partials)
      case 'row':
        return block.columns.flatMap((column, x) =>
          remarksOnBlocks(column, [...here, 'columns', x, 'blocks'], partials),
        )
      default:
        return []
    }
  })
}

const NO_IMAGE = 'is empty: the image is left out of every message'
