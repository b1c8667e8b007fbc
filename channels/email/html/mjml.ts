import { inline } from '@css-inline/css-inline-wasm'
import { randomUUID } from 'node:crypto'
import { Engine } from 'mrml'
import { endingTags, tagsIn, type Tag } from './mjml-tags.ts'
import './css.ts'

/** Characters of a source: what it becomes is some twenty times as long, at most, and takes 20 ms. */
const LONGEST = 100_000
/** The compiler calls itself at each depth, and is of no use any more once its stack was too small. */
const DEEPEST = 100

const components = new Set([
  ...endingTags,
  ...['mjml', 'mj-head', 'mj-body', 'mj-attributes', 'mj-all', 'mj-class', 'mj-breakpoint', 'mj-font'],
  ...['mj-section', 'mj-column', 'mj-group', 'mj-wrapper', 'mj-hero', 'mj-image', 'mj-divider', 'mj-spacer'],
  ...['mj-social', 'mj-navbar', 'mj-accordion', 'mj-accordion-element', 'mj-carousel', 'mj-carousel-image'],
])
const VOID = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'wbr'])

const engine = new Engine()
// No font is loaded from elsewhere, but those that the author names by mj-font.
engine.setRenderOptions({ disableComments: false, socialIconOrigin: null, fonts: {} })
// A part of another file is never looked for.
engine.setParserOptions({ includeLoader: { type: 'noop' } })

/** No text can hold the place of another. */
const place = `belay-${randomUUID()}-`

/**
 * A document of MJML as HTML, its values filled in. Nothing is fetched and no file is read. The HTML within mj-text,
 * mj-raw and their like is handed on as it is. Throws an Error that says what is wrong, and where.
 */
export function compileMjml(source: string): string {
  const { structure, contents, styles } = takenApart(source)
  const result = engine.toHtml(structure)
  if (result.type === 'error') throw new Error(`is not MJML: ${result.message.replace(' in root template', '')}`)
  const [beginning, ...rest] = result.content.split(place)
  const html = rest.reduce(
    (all, part) => all + contents[parseInt(part, 10)]! + part.slice(part.indexOf('-') + 1),
    beginning!,
  )
  return styles === ''
    ? html
    : inline(html, { extraCss: styles, inlineStyleTags: false, keepStyleTags: true, loadRemoteStylesheets: false })
}

/** Checks the names of components, whatever Liquid makes of the rest: it is covered. Throws an Error. */
export function checkComponents(covered: string): void {
  for (const tag of tagsIn(covered)) checkName(covered, tag)
}

interface Apart {
  /** The components alone: a place stands for each piece of HTML within them. */
  structure: string
  contents: string[]
  /** Of `mj-style inline="inline"`. */
  styles: string
}

function takenApart(given: string): Apart {
  // Knock's name of it.
  const source = given.replace(/<(\/?)mjml-raw\b/gi, '<$1mj-raw')
  if (source.length > LONGEST) throw new Error(`is longer than ${LONGEST} characters of MJML`)
  const contents: string[] = []
  const styles: string[] = []
  let structure = ''
  let at = 0
  const open: Tag[] = []
  for (const tag of tagsIn(source)) {
    if (tag.start < at) continue
    checkName(source, tag)
    if (tag.kind === 'closing') close(tag)
    else if (tag.kind === 'opening' && endingTags.has(tag.name)) {
      const end = source.indexOf(`</${tag.name}`, tag.end)
      if (end < 0) throw new Error(`is not MJML: <${tag.name}> is not closed${lineOf(source, tag.start)}`)
      const content = source.slice(tag.end, end)
      if (tag.name === 'mj-style' && /\sinline\s*=/.test(source.slice(tag.start, tag.end))) {
        styles.push(content)
        structure += `${source.slice(at, tag.start)}<mj-style>`
      } else structure += `${source.slice(at, tag.end)}${place}${contents.push(content) - 1}-`
      at = end
    } else if (tag.kind === 'opening' && !VOID.has(tag.name) && open.push(tag) > DEEPEST)
      throw new Error(`is nested deeper than ${DEEPEST} elements${lineOf(source, tag.start)}`)
  }
  const unclosed = open.findLast(({ name }) => isComponent(name))
  if (unclosed !== undefined)
    throw new Error(`is not MJML: <${unclosed.name}> is not closed${lineOf(source, unclosed.start)}`)
  const whole = (structure + source.slice(at)).replace(/^\s*(?:<\?xml[^<>]*\?>\s*)?(?:<!doctype[^<>]*>)?/i, '')
  return { structure: whole, contents, styles: styles.join('\n') }

  function close(tag: Tag): void {
    if (endingTags.has(tag.name) || VOID.has(tag.name)) return
    const last = open.pop()
    if (last?.name === tag.name) return
    const expected = last === undefined ? 'nothing is open' : `<${last.name}> is`
    throw new Error(`is not MJML: </${tag.name}> closes what is not open; ${expected}${lineOf(source, tag.start)}`)
  }
}

function checkName(source: string, { name, start }: Tag): void {
  if (name === 'mj-include')
    throw new Error(`has mj-include, which reads a file: put it into partials/ and render it${lineOf(source, start)}`)
  if (isComponent(name) && !components.has(name))
    throw new Error(`is not MJML: there is no component ${name}${lineOf(source, start)}`)
}

const isComponent = (name: string) => name === 'mjml' || name.startsWith('mj-')

/** As Liquid's own errors tell it. */
function lineOf(source: string, at: number): string {
  const before = source.slice(0, at).split('\n')
  return `, line:${before.length}, col:${before.at(-1)!.length + 1}`
}
