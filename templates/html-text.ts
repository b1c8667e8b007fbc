import { convert } from 'html-to-text'

/** The plain text of an HTML text: links keep their address, headings their case; styles and scripts go. */
export function textOfHtml(html: string): string {
  return convert(html, {
    wordwrap: false,
    selectors: [
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, linkBrackets: ['(', ')'] as [string, string] } },
      { selector: 'img', format: 'skip' },
      { selector: 'hr', format: 'block', options: { leadingLineBreaks: 1 } },
    ],
  })
}
