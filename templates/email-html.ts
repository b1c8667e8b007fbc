import { escapeHtml } from './escape.ts'

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

/** A whole HTML document for mail clients: tables and inline styles only, nothing loaded from elsewhere. */
export function emailDocument(title: string, blocks: readonly string[]): string {
  const rows = blocks.map((block) => `<tr><td style="padding:8px 32px">${block}</td></tr>`)
  return `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title>
</head>
<body style="margin:0;padding:0;background-color:#f4f4f5">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#f4f4f5">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background-color:#ffffff;border-radius:8px;text-align:left;${FONT};font-size:16px;line-height:1.5;color:#18181b">
<tr><td style="height:16px"></td></tr>
${rows.join('\n')}
<tr><td style="height:16px"></td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`
}

/** Buttons side by side. The colour is the cell's too, since some clients draw none behind a link. */
export function buttonRow(buttons: readonly { label: string; action: string }[]): string {
  const cells = buttons.map(
    ({ label, action }) =>
      `<td bgcolor="#18181b" style="border-radius:6px"><a href="${escapeHtml(action)}" target="_blank" style="display:inline-block;padding:10px 18px;${FONT};font-size:15px;font-weight:600;color:#ffffff;text-decoration:none">${escapeHtml(label)}</a></td>`,
  )
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>${cells.join('<td width="8"></td>')}</tr></table>`
}

export const divider = '<hr style="border:0;border-top:1px solid #e4e4e7;margin:8px 0">'
