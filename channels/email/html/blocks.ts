import type { VisualBlock } from '../visual-block.ts'
import { cover, jsonInTag } from '../../../templates/liquid-source.ts'
import { plainTextOf } from '../../../templates/html-text.ts'
import { compileMarkdown } from '../../../templates/markdown.ts'
import { withTableRows } from '../../../templates/table-rows.ts'
import { boxed, TABLE } from './boxed.ts'
import { buttonSet } from './button-set.ts'
import type { CompiledBlock } from './compiled-block.ts'
import { image } from './image.ts'

/** `at`: where it stands in the template, `visual_blocks[0]`. */
export function compileBlock(block: VisualBlock, at: string): CompiledBlock {
  switch (block.type) {
    case 'markdown': {
      const { html, text } = compileMarkdown(block.content)
      return { html: boxed(html, block.edges), text, addresses: [] }
    }
    case 'html': {
      return {
        html: boxed(block.content, block.edges),
        text: plainTextOf(withTableRows(cover(block.content))),
        addresses: [],
      }
    }
    case 'divider': {
      const line = '<hr style="border:0;border-top:1px solid #d4d4d8;margin:8px 0">'
      return { html: boxed(line, block.edges), text: '---', addresses: [] }
    }
    case 'image':
      return image(block, at)
    case 'button_set':
      return buttonSet(block, at)
    case 'partial': {
      const inputs = Object.entries(block.attrs).map(([name, text]) => ({ name: `block_${name}`, key: name, text }))
      const captures = inputs.map(({ name, text }) => `{% capture_text ${name} '${jsonInTag(text)}' %}`).join('')
      const args = inputs.map(({ name, key }) => `, ${key}: ${name}`).join('')
      const liquid = `${captures}{% render '${block.key}'${args} %}`
      // Within the tag no parser of HTML reads it. What is captured is text, and escaped where the partial shows it.
      return { html: liquid, text: liquid, addresses: [] }
    }
    case 'row': {
      const columns = block.columns.map((column, x) =>
        column.map((inner, y) => compileBlock(inner, `${at}.columns[${x}].blocks[${y}]`)),
      )
      const width = Math.floor(100 / Math.max(1, columns.length))
      const cells = columns.map(
        (column) => `<td width="${width}%" valign="top">${column.map(({ html }) => html).join('\n')}</td>`,
      )
      return {
        html: boxed(`${TABLE} width="100%"><tr>${cells.join('')}</tr></table>`, block.edges),
        text: columns.flatMap((column) => column.map(({ text }) => text)).join('\n\n'),
        addresses: columns.flatMap((column) => column.flatMap(({ addresses }) => addresses)),
      }
    }
  }
}
