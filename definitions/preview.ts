import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { documentOf } from '../channels/preview-page.ts'
import { channelTypeOf } from '../channels/registry.ts'
import { renderStep } from '../channels/render-step.ts'
import { escapeHtml } from '../templates/escape.ts'
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
      const content = renderStep(step, scope)
      for (const warning of takeWarnings(scope)) told.add(`step ${step.ref}: ${warning}`)
      const { files, shown } = channelTypeOf(step.channelType).preview(step.ref, content)
      for (const [name, text] of Object.entries(files)) await writeFile(path.join(out, name), text)
      const links = Object.keys(files).map((name) => `<a href="${escapeHtml(name)}">${escapeHtml(name)}</a>`)
      const heading = `<h2>${escapeHtml(step.ref)} (${step.channelType})</h2>`
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
