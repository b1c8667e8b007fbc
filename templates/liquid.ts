import { Liquid, type Context, toValueSync, type LiquidOptions, type Template } from 'liquidjs'
import { escapeHtml, unescapeHtml } from './escape.ts'
import { textOfHtmlValue } from './html-text.ts'
import { registerBounds } from './liquid/bounds.ts'
import { registerCapturedFilters } from './liquid/captured-filters.ts'
import { Captured, dialects, registerCaptureTags, shown } from './liquid/captured.ts'
import { CharacterContext, registerCharacters } from './liquid/characters.ts'
import { registerCounters } from './liquid/counters.ts'
import { cycleTag } from './liquid/cycle-tag.ts'
import { directOf, fillDirect, type Direct } from './liquid/direct.ts'
import { registerFilters } from './liquid/filters.ts'
import { namedIn } from './liquid/named.ts'
import { Output } from './liquid/output.ts'
import { renderingOf, setRendering, type Rendering } from './liquid/rendering.ts'
import { partlyFilled, partsOf, type Part } from './liquid/shared-parts.ts'
import { sharedUnless } from './liquid/shared.ts'
import { registerSourceOfValues } from './liquid/source-of-values.ts'
import { registerTags } from './liquid/tags.ts'
import { textOf } from './liquid/text-of.ts'
import { compileMarkdown, untrustedMarkdown } from './markdown.ts'
import { withValues } from './markdown-source/values.ts'

/**
 * Where a text goes decides how the values in it are escaped. `html`: escaped for HTML; `markdown`: compiled to HTML
 * first, so that a value is never markup; `markdown_source`: stays Markdown, what is markup in a value behind a backslash,
 * and within code as it is;
 * `text`: as it is (subjects, addresses, request bodies). `| raw` switches it off.
 */
export type LiquidContext = 'text' | 'html' | 'markdown' | 'markdown_source'

const options: LiquidOptions = {
  strictFilters: true,
  strictVariables: false,
  ownPropertyOnly: true,
  // The host's zone and language would make the same message differ between workers.
  timezoneOffset: 0,
  locale: 'en',
  parseLimit: 1_000_000,
  // Milliseconds. A template that loops for ever fails; it does not hold up the worker.
  renderLimit: 250,
  // Characters and list items that filters and ranges may make.
  memoryLimit: 5_000_000,
}

/** These read files. Without them a template that has one is refused when it is parsed. */
const fileTags = ['include', 'layout', 'block']

function engine(kind: 'text' | 'html' | 'markdown_source'): Liquid {
  const dialect = kind === 'text' ? null : dialects[kind]
  const liquid = new Liquid({
    ...options,
    outputEscape: dialect === null ? textOf : (value: unknown) => shown(value, dialect),
  })
  for (const tag of fileTags) Reflect.deleteProperty(liquid.tags, tag)
  registerFilters(liquid)
  registerCharacters(liquid)
  registerBounds(liquid)
  registerCounters(liquid)
  registerTags(liquid, kind, {
    own: (text) => parsed(text, kind).templates,
    text: (text) => parsed(text, 'text').templates,
  })
  if (kind === 'html') registerHtmlFilters(liquid)
  if (kind === 'markdown_source') registerSourceOfValues(liquid)
  if (dialect !== null) {
    registerCaptureTags(liquid, dialect)
    liquid.registerTag('cycle', cycleTag(dialect))
  }
  registerCapturedFilters(liquid, dialect)
  return liquid
}

/**
 * What an author escapes or breaks by hand, and what `from_markdown` makes, is HTML where it is shown, be it assigned before;
 * other filters have its text.
 */
function registerHtmlFilters(liquid: Liquid): void {
  const once = (text: string) => escapeHtml(unescapeHtml(text))
  const making = (name: string, make: (text: string) => string, plain: (text: string, html: string) => string) => {
    liquid.registerFilter(name, function (value: unknown) {
      renderingOf(this.context).hasCaptured = true
      const text = textOf(value)
      const html = make(text)
      return new Captured(() => plain(text, html), html, html)
    })
  }
  making('escape', escapeHtml, (text) => text)
  making('escape_once', once, unescapeHtml)
  const broken = (text: string) => text.replace(/\r?\n/g, '<br />\n')
  // Its text has the tags, by which authors split it.
  making(
    'newline_to_br',
    (text) => broken(once(text)),
    (text) => broken(unescapeHtml(text)),
  )
  making('from_markdown', untrustedMarkdown, (_text, html) => textOfHtmlValue(html))
}

const html = engine('html')
const engines = {
  text: engine('text'),
  html,
  markdown: html,
  // Where a value stands is known once all is filled in.
  markdown_source: engine('markdown_source'),
}

/** A template as it is rendered again and again, and when all recipients of a trigger share its result (liquid/shared.ts). */
interface Parsed {
  templates: Template[]
  sharedUnless: string[] | null
  /** Of one that is one recipient's, where some of it is not. */
  parts: Part[] | null
}

const CACHED = 2_000
/** By text within its context: to join the two would cost as much as a short rendering. */
const caches: Readonly<Record<LiquidContext, Map<string, Parsed>>> = {
  text: new Map(),
  html: new Map(),
  markdown: new Map(),
  markdown_source: new Map(),
}

function parsed(text: string, context: LiquidContext): Parsed {
  const cache = caches[context]
  const known = cache.get(text)
  if (known !== undefined) return known
  const liquid = engines[context]
  const templates = liquid.parse(context === 'markdown' ? compileMarkdown(text).html : text)
  const unless = sharedUnless(namedIn(liquid, templates))
  const made = { templates, sharedUnless: unless, parts: unless?.length === 0 ? null : partsOf(liquid, templates) }
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value!)
  cache.set(text, made)
  return made
}

/** Knows what authors may write, and not the tags and filters that compiled templates have beside it. */
const authors = engine('text')
const compiledOnly =
  'address addressed nonempty capture_text footer_links render_item render_inline render_row indented'
for (const tag of compiledOnly.split(' ')) Reflect.deleteProperty(authors.tags, tag)
for (const filter of ['text_of_html', 'phrase_from_markdown']) Reflect.deleteProperty(authors.filters, filter)

/** Checks a template of an author's. Throws liquidjs' error, which names the author's line and column. */
export function parseLiquid(text: string, context: LiquidContext): void {
  authors.parse(text)
  parsed(text, context)
}

/** The names at the root that a template reads and does not set itself, as far as they are written out. */
export function globalsOfLiquid(text: string): string[] {
  return engines.text.globalVariablesSync(parsed(text, 'text').templates)
}

/** What a rendering gets beside its scope; all of it may be left out. */
export type RenderingOptions = Partial<Omit<Rendering, 'depth' | 'hasCaptured' | 'lacksAddress'>>

/** A text that is the same for all recipients of a trigger, and what each of them is warned of. */
interface Shared {
  text: string
  warnings: Set<string>
}

/** By the trigger's data. */
const ofTrigger = new WeakMap<object, Map<Parsed, Shared>>()

/**
 * Renders a template at once, for a scope of plain data; the fields of its `data` stand below its own at the top level.
 * The result holds nothing that Postgres could not keep. A `data` object is one trigger's: a template that names nothing
 * but what is the trigger's is rendered once for it. Throws for a template that fails or passes a limit.
 */
export function renderLiquid(
  text: string,
  context: LiquidContext,
  scope: { data?: object },
  rendering: RenderingOptions = {},
): string {
  if (context !== 'markdown' && !text.includes('{')) return text
  const { data } = scope
  const template = parsed(text, context)
  const { sharedUnless: names } = template
  if (data === undefined || names === null || names.some((name) => name in scope))
    return fill(template, context, scope, rendering)
  const texts = ofTrigger.get(data) ?? new Map<Parsed, Shared>()
  ofTrigger.set(data, texts)
  let shared = texts.get(template)
  if (shared === undefined) {
    const warnings = new Set<string>()
    const warn = (message: string) => void warnings.add(message)
    shared = { text: fill(template, context, scope, { ...rendering, warn }), warnings }
    texts.set(template, shared)
  }
  for (const message of shared.warnings) rendering.warn?.(message)
  return shared.text
}

function fill(template: Parsed, context: LiquidContext, scope: { data?: object }, given: RenderingOptions): string {
  const liquid = engines[context]
  let result: string
  try {
    result = render(liquid, template, scope, given)
  } catch (error) {
    // The time limit is by the clock, and this process may have been the one that stood still: it counts the second time.
    if (!(error instanceof Error) || !error.message.startsWith('template render limit exceeded')) throw error
    result = render(liquid, template, scope, given)
  }
  if (context === 'markdown_source') result = withValues(result)
  // A filter may have cut a character in half, which would fail the statement that stores a whole chunk.
  return result.isWellFormed() && !result.includes('\0') ? result : result.replace(/[\0\p{Surrogate}]/gu, '\ufffd')
}

function render(liquid: Liquid, template: Parsed, scope: { data?: object }, given: RenderingOptions): string {
  const { templates, parts } = template
  // Parts that are shared have the limits of one rendering together.
  let limits: Context | undefined
  const own =
    parts === null
      ? null
      : // Not named: the loader gives a function that is its name each time it is made, and this is done for each message.
        partlyFilled(parts, scope, (run, warn) => {
          const context = contextOf(liquid, scope, { ...given, warn }, limits)
          limits ??= context
          return written(liquid, run, context)
        })
  const filled = own ?? templates
  const direct = directFor(filled, liquid)
  if (direct !== null) {
    try {
      return fillDirect(direct, scope, scope.data ?? {}, liquid.options.outputEscape as (value: unknown) => string)
    } catch {
      // Too long: liquidjs says where.
    }
  }
  return written(liquid, filled, contextOf(liquid, scope, given))
}

const directs = new WeakMap<Template[], Direct | null>()

function directFor(templates: Template[], liquid: Liquid): Direct | null {
  const known = directs.get(templates)
  if (known !== undefined) return known
  const direct = directOf(templates, liquid)
  directs.set(templates, direct)
  return direct
}

/** `limits`: a context whose limits count on. */
function contextOf(liquid: Liquid, scope: { data?: object }, given: RenderingOptions, limits?: Context): Context {
  const globals = scope.data ?? {}
  const { renderLimit, memoryLimit } = limits ?? {}
  const options = { sync: true, globals }
  const context = new CharacterContext(scope, liquid.options, options, { liquid, renderLimit, memoryLimit })
  setRendering(context, {
    locale: undefined,
    partials: {},
    translations: {},
    entities: undefined,
    now: Date.now,
    warn: () => undefined,
    ...given,
    depth: 0,
    hasCaptured: false,
    lacksAddress: false,
  })
  return context
}

function written(liquid: Liquid, templates: Template[], context: Context): string {
  const output = new Output()
  toValueSync(liquid.renderer.renderTemplates(templates, context, output) as never)
  return output.buffer
}
