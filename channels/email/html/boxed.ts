import type { Edges } from '../visual-block.ts'

export const TABLE = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'

/** Around a block that names none. */
export const EDGES: Edges = { top: 8, right: 4, bottom: 8, left: 4, align: null }

/** HTML with space around it. */
export function boxed(html: string, { top, right, bottom, left, align } = EDGES): string {
  const aligned = align === null ? '' : ` align="${align}"`
  return `${TABLE} width="100%"><tr><td${aligned} style="padding:${top}px ${right}px ${bottom}px ${left}px">${html}</td></tr></table>`
}
