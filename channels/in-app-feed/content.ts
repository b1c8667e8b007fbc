import type { Filler } from '../../templates/filler.ts'
import type { Button } from '../button.ts'
import type { FeedTemplate } from './template.ts'

/** `body` always; then `action_url` or `actions`, where the template has them. */
export interface FeedContent {
  blocks: FeedBlock[]
}

/** `content` is the text with its values filled in, `rendered` what a client shows: safe HTML for markdown. */
export type FeedBlock =
  | { name: 'body'; type: 'markdown'; content: string; rendered: string }
  | { name: 'action_url'; type: 'text'; content: string; rendered: string }
  | { name: 'actions'; type: 'button_set'; buttons: { name: string; label: string; action: string }[] }

/** Throws a TemplateError. */
export function renderFeed(template: FeedTemplate, fill: Filler): FeedContent {
  const rendered = fill.text('markdown_body', template.markdownBody, 'markdown').trim()
  const content = fill.text('markdown_body', template.markdownBody, 'text')
  const blocks: FeedContent['blocks'] = [{ name: 'body', type: 'markdown', content, rendered }]
  if (template.actionUrl !== null) {
    const url = fill.address('action_url', template.actionUrl)
    blocks.push({ name: 'action_url', type: 'text', content: url, rendered: url })
  }
  if (template.actionButtons.length > 0) {
    const buttons = fillButtons('action_buttons', template.actionButtons, fill)
    const names = ['primary', 'secondary']
    blocks.push({
      name: 'actions',
      type: 'button_set',
      buttons: buttons.map((button, n) => ({ name: names[n]!, ...button })),
    })
  }
  return { blocks }
}

function fillButtons(field: string, buttons: readonly Button[], fill: Filler): Button[] {
  return buttons.map(({ label, action }, index) => {
    const place = `${field}[${index}].action`
    const address = fill.address(place, action)
    // It stays, since an app may act by its name.
    if (address === '') fill.warn(place, 'is empty once it is filled in: the button leads nowhere')
    return { label: fill.line(`${field}[${index}].label`, label), action: address }
  })
}
