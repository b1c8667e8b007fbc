import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { escapeHtml } from '../templates/escape.ts'
import type { FeedContent, Rendered } from '../templates/content.ts'
import { renderStep } from '../templates/render.ts'
import { buildScope, takeWarnings, type Subject } from '../templates/scope.ts'
import type { Definition } from './definition.ts'

export interface PreviewInput {
  data: Record<string, unknown>
  /** The recipient's properties, `id` among them. */
  recipient: Record<string, unknown>
  /** The same of whoever did what is told of; absent: nobody. */
  actor?: Record<string, unknown> | undefined
  /** The same of the tenant; its `settings.branding` counts. Absent: none. */
  tenant?: Record<string, unknown> | undefined
  /** When it is shown to have been triggered; absent: now. */
  now?: Date
  out: string
}

/**
 * Writes what each channel step of a definition renders to into a folder: an e-mail as .html and .txt, a feed card as .html,
 * an SMS and a push as .txt, a chat message as .md, all but e-mails also as the API shows them, .json; and an index.html that
 * shows them all. Returns what went otherwise than asked, a sentence each.
 */
export async function writePreview(
  definition: Definition,
  { data, recipient, actor, tenant, now = new Date(), out }: PreviewInput,
): Promise<string[]> {
  const told = new Set<string>()
  const scope = buildScope({
    definition,
    trigger: {
      workflowRunId: '00000000-0000-4000-8000-000000000000',
      cancelationKey: null,
      acceptedAt: now,
      data,
      actor: actor === undefined ? null : subjectOf(actor),
      tenant: tenant === undefined ? null : subjectOf(tenant),
    },
    now: now.getTime(),
    recipientRunId: '00000000-0000-4000-8000-000000000001',
    recipient: subjectOf(recipient),
    triggerData: null,
    messageId: 'preview',
    entities: {
      get(kind, wanted) {
        told.add(`${kind} ${wanted}: nobody is found in a preview`)
        return null
      },
    },
  })
  await mkdir(out, { recursive: true })
  const parts: string[] = []
  for (const step of definition.steps) {
    if (step.type !== 'channel') continue
    try {
      const rendered = renderStep(step, scope)
      for (const warning of takeWarnings(scope)) told.add(`step ${step.ref}: ${warning}`)
      const { files, shown } = pageOf(step.ref, rendered)
      for (const [name, text] of Object.entries(files)) await writeFile(path.join(out, name), text)
      const links = Object.keys(files).map((name) => `<a href="${escapeHtml(name)}">${escapeHtml(name)}</a>`)
      const heading = `<h2>${escapeHtml(step.ref)} (${rendered.channelType})</h2>`
      parts.push(`<section>${heading}\n${shown}\n<p class="files">${links.join(' ')}</p></section>`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      told.add(reason)
      parts.push(`<section><h2>${escapeHtml(step.ref)}</h2><p class="wrong">${escapeHtml(reason)}</p></section>`)
    }
  }
  if (parts.length === 0) parts.push('<p>This definition has no channel step.</p>')
  await writeFile(
    path.join(out, 'index.html'),
    documentOf(definition.name, `<h1>${escapeHtml(definition.name)}</h1>${parts.join('\n')}`),
  )
  return [...told]
}

function subjectOf({ id, ...properties }: Record<string, unknown>): Subject {
  return { id: typeof id === 'string' ? id : 'preview', properties }
}

interface Page {
  /** By their names in the folder. */
  files: Record<string, string>
  /** HTML of it on the index page. */
  shown: string
}

const pre = (text: string) => `<pre>${escapeHtml(text)}</pre>`

/** A message as files, named by its step's ref, and on the index page. */
function pageOf(ref: string, { channelType, content }: Rendered): Page {
  const data = { [`${ref}.json`]: JSON.stringify(content, null, 2) }
  switch (channelType) {
    case 'email': {
      const [html, text] = [content.html_body, content.text_body ?? '']
      const frame = `<iframe title="${escapeHtml(ref)}" src="${escapeHtml(ref)}.html" sandbox width="700" height="600"></iframe>`
      const shown = `<p><b>${escapeHtml(content.subject_line)}</b></p>${frame}<details><summary>Text</summary>${pre(text)}</details>`
      return { files: { [`${ref}.html`]: html, [`${ref}.txt`]: text }, shown }
    }
    case 'in_app_feed': {
      const card = content.blocks.map(blockOf).join('\n')
      return {
        files: { [`${ref}.html`]: documentOf(ref, `<div class="card">${card}</div>`), ...data },
        shown: `<div class="card">${card}</div>`,
      }
    }
    case 'sms':
      return {
        files: { [`${ref}.txt`]: `${content.body}\n`, ...data },
        shown: `<div class="card">${pre(content.body)}</div>`,
      }
    case 'push': {
      const { title, body, delivery_type: type } = content
      const shown =
        type === 'silent'
          ? '<p>silent: it shows nothing</p>'
          : `<div class="card"><b>${escapeHtml(title)}</b>${pre(body)}</div>`
      return { files: { [`${ref}.txt`]: `${title}\n${body}\n`, ...data }, shown }
    }
    case 'chat': {
      const text = content.template.blocks.map((block) => block.content).join('\n\n')
      return {
        files: { [`${ref}.md`]: `${text}\n`, ...data },
        shown: pre(text === '' ? JSON.stringify(content.template.json_content, null, 2) : text),
      }
    }
    case 'http':
      return { files: data, shown: pre(`${content.method.toUpperCase()} ${content.url}\n\n${content.body ?? ''}`) }
  }
}

function blockOf(block: FeedContent['blocks'][number]): string {
  if (block.type === 'markdown') return block.rendered
  if (block.type === 'text') return `<p><a href="${escapeHtml(block.rendered)}">${escapeHtml(block.rendered)}</a></p>`
  return block.buttons
    .map(({ label, action }) => `<a class="button" href="${escapeHtml(action)}">${escapeHtml(label)}</a>`)
    .join(' ')
}

function documentOf(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { max-width: 760px; margin: 24px auto; padding: 0 16px; }
iframe { border: 1px solid #a1a1aa; max-width: 100%; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.card { border: 1px solid #a1a1aa; border-radius: 8px; padding: 8px 16px; max-width: 420px; overflow-wrap: anywhere; }
.button { border: 1px solid; border-radius: 6px; padding: 4px 10px; text-decoration: none; }
.files { font-size: 14px; }
.wrong { color: #b91c1c; }
</style></head>
<body>${body}</body>
</html>
`
}
