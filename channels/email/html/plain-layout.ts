import type { Layout } from '../../../definitions/definition.ts'

const FONT = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

/** What an e-mail stands in where its own layout is missing: one column, nothing loaded from elsewhere, dark where the reader is. */
export const plainLayout: Layout = {
  footerLinks: [],
  text: '{{ content }}',
  html: `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title></title>
<style>
.page { background-color: #f4f4f5; }
.card { max-width: 600px; background-color: #ffffff; border-radius: 8px; text-align: left; font-family: ${FONT}; font-size: 16px; line-height: 1.5; color: #18181b; }
.card h1, .card h2, .card h3 { line-height: 1.25; margin: 8px 0; }
.card p { margin: 8px 0; }
.card a { color: #2563eb; }
.card blockquote { margin: 8px 0; padding: 0 0 0 12px; border-left: 3px solid #d4d4d8; color: #52525b; }
.card code { font-family: monospace; font-size: 14px; }
.card img { max-width: 100%; }
.card thead th, .card thead + tbody td { padding: 4px 16px 4px 0; }
</style>
<style>
@media (prefers-color-scheme: dark) {
  .page { background-color: #18181b !important; }
  .card { background-color: #27272a !important; color: #f4f4f5 !important; }
  .card blockquote { color: #d4d4d8 !important; }
  .card a:not(.button) { color: #93c5fd !important; }
  .card .outline { color: #f4f4f5 !important; border-color: #f4f4f5 !important; }
  .card .solid { outline: 1px solid #52525b; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td style="padding:16px 28px">
{{ content }}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`,
}
