interface Parameter {
  name: string
  in: string
  required?: boolean
  description?: string
  schema?: { type?: string; description?: string }
}

interface Operation {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { required?: boolean; description?: string; content: Record<string, { schema: unknown }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>
}

/** The parts of an OpenAPI document that a reader is shown. */
export interface ReadableDocument {
  info: { title: string; description?: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

/** The API as one page of HTML without a script: every operation, and every schema under an id that references lead to. */
export function docsPage({ info, paths, components }: ReadableDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))]
  const parts = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag))
    return `<h2>${escape(tag)}</h2>${own.map(operationHtml).join('')}`
  })
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<details id="${escape(name)}"><summary>${escape(name)}</summary>${json(schema)}</details>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(info.title)}: API</title><link rel="stylesheet" href="style.css"></head><body>
<h1>${escape(info.title)}</h1><p>${escape(info.description ?? '')}</p>
<p>Every call needs <code>Authorization: Bearer sk_…</code>. For tools: <a href="../openapi.json">openapi.json</a>.</p>
${parts.join('\n')}<h2>Schemas</h2>${schemas.join('\n')}</body></html>`
}

export const docsStyle = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
code,pre{font:13px/1.5 ui-monospace,monospace}pre{overflow:auto;background:#f6f8fa;padding:.75rem;border-radius:4px}
details{border:1px solid #d8dee4;border-radius:4px;margin:.4rem 0;padding:.4rem .75rem}summary{cursor:pointer}
.method{display:inline-block;min-width:4.5rem;font-weight:700;text-transform:uppercase}td,th{text-align:left;padding:.2rem .75rem .2rem 0;vertical-align:top}
@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}details{border-color:#30363d}a{color:#58a6ff}}`

function operationHtml({ method, path, operation }: { method: string; path: string; operation: Operation }): string {
  const { operationId, summary, description = '', parameters = [], requestBody, responses } = operation
  const rows = parameters.map(
    ({ name, in: where, required, schema, description: text = schema?.description ?? '' }) => {
      const kind = [where, schema?.type, required === true ? 'required' : undefined].filter(
        (part) => part !== undefined,
      )
      return `<tr><td><code>${escape(name)}</code></td><td>${escape(kind.join(', '))}</td><td>${escape(text)}</td></tr>`
    },
  )
  const body = requestBody?.content['application/json']
  const answers = Object.entries(responses).map(([status, { description: text, content }]) => {
    const schema = content?.['application/json']?.schema
    const shown = schema === undefined || Number(status) >= 400 ? '' : json(schema)
    return `<tr><td><code>${escape(status)}</code></td><td>${escape(text).replaceAll('\n', '<br>')}${shown}</td></tr>`
  })
  return `<details id="${escape(operationId)}"><summary><code><span class="method">${method}</span> ${escape(path)}</code><br>${escape(summary)}</summary>
<p>${escape(description)}</p>${rows.length === 0 ? '' : `<h4>Parameters</h4><table>${rows.join('')}</table>`}
${body === undefined ? '' : `<h4>Body${requestBody?.required === true ? ', required' : ''}</h4><p>${escape(requestBody?.description ?? '')}</p>${json(body.schema)}`}
<h4>Answers</h4><table>${answers.join('')}</table></details>`
}

/** A schema as it is written, its references as links. */
function json(schema: unknown): string {
  const text = escape(JSON.stringify(schema, null, 2))
  return `<pre>${text.replace(/#\/components\/schemas\/(\w+)/g, '<a href="#$1">$1</a>')}</pre>`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char]!)
}
