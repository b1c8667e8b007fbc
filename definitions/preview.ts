import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { escapeHtml } from '../templates/escape.ts'
import { renderStep } from '../templates/render.ts'
import { buildScope, takeWarnings } from '../templates/scope.ts'
import type { Definition } from './definition.ts'

export interface PreviewInput {
  data: Record<string, unknown>
  /** The recipient's properties, `id` among them. */
  recipient: Record<string, unknown>
  out: string
}

/**
 * Writes what each channel step of a definition renders to into a folder, an e-mail as .html and .txt, any other message
 * as .json, and an index.html that shows them all. Returns what went otherwise than asked, a sentence each.
 */
export async function writePreview(definition: Definition, { data, recipient, out }: PreviewInput): Promise<string[]> {
  const { id, ...properties } = recipient
  const told: string[] = []
  const scope = buildScope({
    definition,
    trigger: {
      workflowRunId: '00000000-0000-4000-8000-000000000000',
      cancelationKey: null,
      acceptedAt: new Date(),
      data,
      actor: null,
      tenant: null,
    },
    recipientRunId: '00000000-0000-4000-8000-000000000001',
    recipient: { id: typeof id === 'string' ? id : 'preview', properties },
    triggerData: null,
    messageId: 'preview',
    entities: {
      get(kind, wanted) {
        told.push(`${kind} ${wanted}: nobody is found in a preview`)
        return null
      },
    },
  })
  await mkdir(out, { recursive: true })
  const parts: string[] = []
  for (const step of definition.steps) {
    if (step.type !== 'channel') continue
    try {
      const { channelType, content } = renderStep(step, scope)
      told.push(...takeWarnings(scope).map((warning) => `step ${step.ref}: ${warning}`))
      const heading = `<h2>${escapeHtml(step.ref)} (${channelType})</h2>`
      if (channelType === 'email') {
        await writeFile(path.join(out, `${step.ref}.html`), content.html_body)
        await writeFile(path.join(out, `${step.ref}.txt`), content.text_body ?? '')
        const frame = `<iframe src="${step.ref}.html" sandbox width="700" height="600"></iframe>`
        const text = `<pre>${escapeHtml(content.text_body ?? '')}</pre>`
        parts.push(`${heading}<p><b>${escapeHtml(content.subject_line)}</b></p>${frame}${text}`)
      } else {
        const json = JSON.stringify(content, null, 2)
        await writeFile(path.join(out, `${step.ref}.json`), json)
        const body = channelType === 'in_app_feed' ? content.blocks.find((block) => block.name === 'body') : undefined
        parts.push(`${heading}${body?.rendered ?? ''}<pre>${escapeHtml(json)}</pre>`)
      }
    } catch (error) {
      told.push(error instanceof Error ? error.message : String(error))
    }
  }
  const title = escapeHtml(definition.name)
  const page = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${parts.join('\n')}</body></html>\n`
  await writeFile(path.join(out, 'index.html'), page)
  return told
}
