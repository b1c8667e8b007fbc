import { escapeHtml } from '../templates/escape.ts'

/** A message as a preview shows it. */
export interface PreviewPage {
  /** By their names in the folder. */
  files: Record<string, string>
  /** HTML of it on the index page. */
  shown: string
}

/** A text as it stands, escaped, for a page of a preview. */
export const pre = (text: string) => `<pre>${escapeHtml(text)}</pre>`

/** The content as the API has it. */
export const jsonFile = (ref: string, content: object) => ({ [`${ref}.json`]: JSON.stringify(content, null, 2) })

/** A whole page; `title` is escaped, `body` is HTML already. */
export function documentOf(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { max-width: 760px; margin: 24px auto; padding: 0 16px; }
iframe { border: 1px solid #a1a1aa; max-width: 100%; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.card { border: 1px solid #a1a1aa; border-radius: 8px; padding: 8px 16px; max-width: 420px; overflow-wrap: anywhere; }
.button { display: inline-block; max-width: 100%; box-sizing: border-box; margin: 2px 0; border: 1px solid; border-radius: 6px; padding: 4px 10px; text-decoration: none; }
.files { font-size: 14px; }
.wrong { color: #b91c1c; }
</style></head>
<body>${body}</body>
</html>
`
}
