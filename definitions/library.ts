import { stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { cover } from '../templates/liquid-source.ts'
import { mjmlProblem } from '../channels/email/html/mjml-check.ts'
import { isMjmlDocument } from '../channels/email/html/mjml-content.ts'
import { parseLiquid } from '../templates/liquid.ts'
import { compileMarkdown, oddInMarkdown } from '../templates/markdown.ts'
import { oddInHtml } from '../templates/odd-places.ts'
import type { PartialSource } from '../templates/liquid/rendering.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { Layout, Library } from './definition.ts'
import { isUnset } from '../json/is-unset.ts'
import { ignored } from './fields.ts'
import { withFooterLinks } from './footer-links.ts'
import { fieldName, problemPlace, type DefinitionProblem, type Remark } from './problem.ts'
import { holdsJson } from './json-fields.ts'
import { looseFields } from '../json/known-fields.ts'
import { readSource } from './source.ts'
import { unreadFields } from './unread-fields.ts'
import { namesIn } from './names-in.ts'
import { readTranslations } from './translations.ts'

/** What Knock's tools write beside what an author does. */
const bookkeeping = {
  $schema: ignored,
  __readonly: ignored,
  key: ignored,
  name: ignored,
  description: ignored,
  environment: ignored,
  sha: ignored,
  valid: ignored,
  created_at: ignored,
  inserted_at: ignored,
  updated_at: ignored,
}

const layoutFile = looseFields({
  ...bookkeeping,
  html_layout: z.string().refine((text) => /\{\{-?\s*content\s*-?\}\}/.test(text), 'must hold {{ content }}'),
  text_layout: z.string().nullish(),
  is_mjml: z.boolean().nullish(),
  branding_overrides: ignored,
  footer_links: z.array(looseFields({ text: z.string(), url: z.string() })).nullish(),
})

const input = looseFields({
  key: z.string(),
  type: z.string(),
  label: ignored,
  text: ignored,
  action: ignored,
  url: ignored,
  alt: ignored,
  settings: z.object({ default: z.unknown().optional() }).nullish(),
})

const partialFile = looseFields({
  ...bookkeeping,
  icon_name: ignored,
  visual_block_enabled: ignored,
  type: z.enum(['html', 'markdown', 'text', 'json']),
  content: z.string(),
  input_schema: z.array(input).nullish(),
})

/** Inputs that are handed to a partial as they are. */
const listTypes = new Set(['list', 'json', 'multi_select', 'button', 'image'])

/**
 * Reads what all definitions of a folder share. Whatever is wrong is pushed to `problems`; what is odd in Markdown of partials
 * to `warnings`, and fields that nobody reads.
 */
export async function readLibrary(
  folder: string,
  problems: DefinitionProblem[],
  warnings: string[],
): Promise<Omit<Library, 'vars'>> {
  const layouts = await each(folder, 'layouts', ['layout.json', 'html_layout'], layoutFile, { problems, warnings })
  const partials = await each(folder, 'partials', ['partial.json', 'content'], partialFile, { problems, warnings })
  const library = {
    layouts: mapOf(layouts.found, (file): Layout => ({
      html: withFooterLinks(file.html_layout, file.footer_links ?? [], 'html'),
      text: file.text_layout ? withFooterLinks(file.text_layout, file.footer_links ?? [], 'text') : null,
      footerLinks: file.footer_links ?? [],
      ...((file.is_mjml === true || isMjmlDocument(file.html_layout)) && { isMjml: true }),
    })),
    partials: mapOf(partials.found, ({ type, content, input_schema: schema }): PartialSource => ({
      type,
      content,
      lists: (schema ?? []).filter((field) => listTypes.has(field.type)).map(({ key }) => key),
      defaults: Object.fromEntries(
        (schema ?? []).flatMap(({ key, settings }) =>
          settings?.default === undefined ? [] : [[key, settings.default]],
        ),
      ),
    })),
    translations: await readTranslations(folder, problems),
  }
  check(
    'layouts',
    layouts.found,
    ({ html_layout: html, text_layout: text, footer_links: links }, key) => {
      parseLiquid(html, 'html')
      warnings.push(...oddInHtml(html, library.partials).map((odd) => `layouts/${key}: ${odd}`))
      for (const part of [text, ...(links ?? []).flatMap((link) => [link.text, link.url])])
        parseLiquid(part ?? '', 'text')
      const layout = library.layouts[key]!
      return layout.isMjml === true ? mjmlProblem(layout.html) : null
    },
    problems,
  )
  check(
    'partials',
    library.partials,
    ({ type, content }, key) => {
      parseLiquid(content, type === 'json' ? 'text' : type)
      if (type !== 'markdown' && type !== 'html') return null
      const html = type === 'html' ? content : compileMarkdown(content).html
      const odd = [...(type === 'markdown' ? oddInMarkdown(content) : []), ...oddInHtml(html, library.partials)]
      const place = problemPlace(partials.places.get(key)!)
      warnings.push(...odd.map((each) => `${place}: ${each}`))
      return null
    },
    problems,
    partials.places,
  )
  return library
}

type Place = Pick<DefinitionProblem, 'file' | 'line' | 'field'>

function check<T>(
  kind: string,
  items: Record<string, T>,
  parse: (item: T, key: string) => string | null,
  problems: DefinitionProblem[],
  places?: ReadonlyMap<string, Place>,
): void {
  for (const [key, item] of Object.entries(items)) {
    const place = places?.get(key) ?? { file: `${kind}/${key}` }
    try {
      const wrong = parse(item, key)
      if (wrong !== null) problems.push({ ...place, message: wrong })
    } catch (error) {
      problems.push({ ...place, message: `is not a Liquid template: ${(error as Error).message}` })
    }
  }
}

function mapOf<From, To>(items: Record<string, From>, to: (item: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, to(item)]))
}

async function each<Schema extends z.ZodType>(
  folder: string,
  kind: string,
  [file, main]: [file: string, main: string],
  schema: Schema,
  { problems, warnings }: { problems: DefinitionProblem[]; warnings: string[] },
): Promise<{ found: Record<string, z.output<Schema>>; places: Map<string, Place> }> {
  const found: Record<string, z.output<Schema>> = {}
  /** Where the field stands that is the template. */
  const places = new Map<string, Place>()
  for (const key of await namesIn(folder, kind, problems)) {
    const own = path.join(folder, kind, key)
    if (!(await isFolder(own))) continue
    const source = await readSource(own, file, holdsJson)
    const parsed = schema.safeParse(source.value, { error: zodErrorMap })
    const issues = source.problems.map(({ at, message }) => ({ path: at, message }))
    if (issues.length === 0 && !parsed.success) issues.push(...parsed.error.issues)
    const placeOf = (at: readonly PropertyKey[]): Place => {
      const field = fieldName(at)
      const line = source.lineOf(at)
      const inFile = { file: `${kind}/${key}/${source.fileOf(at)}`, ...(line !== undefined && { line }) }
      return { ...inFile, ...(field !== '' && { field }) }
    }
    for (const { path: at, message } of issues) problems.push({ ...placeOf(at), message })
    if (parsed.success && issues.length === 0) found[key] = parsed.data
    for (const { at, message } of [...unreadFields(schema, source.value), ...notCarriedOut(source.value)])
      warnings.push(`${problemPlace(placeOf(at))}: ${message}`)
    places.set(key, placeOf([main]))
  }
  return { found, places }
}

/** What Knock would do with a layout and Belay does not. */
function notCarriedOut(file: unknown): Remark[] {
  const given = (file as { branding_overrides?: unknown } | null)?.branding_overrides
  if (isUnset(given)) return []
  const message = 'is not carried out: set vars.branding, or the tenant’s settings.branding'
  return [{ at: ['branding_overrides'], message }]
}

async function isFolder(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** What one definition uses of the library, and what it names and is not there. */
export function usedOf(library: Library, texts: readonly string[], layoutKeys: readonly string[]) {
  const partials: Record<string, PartialSource> = {}
  const missing: string[] = []
  const layouts = Object.fromEntries(
    layoutKeys.flatMap((key) => (library.layouts?.[key] === undefined ? [] : [[key, library.layouts[key]]])),
  )
  const all = [...texts, ...Object.values(layouts).flatMap(({ html, text }) => [html, text ?? ''])]
  for (let text = all.pop(); text !== undefined; text = all.pop()) {
    for (const [, key] of text.matchAll(/\{%-?\s*render\s+["']([^"']+)["']/g)) {
      if (Object.hasOwn(partials, key!)) continue
      const partial = library.partials?.[key!]
      if (partial === undefined) {
        missing.push(key!)
        continue
      }
      partials[key!] = partial
      texts = [...texts, partial.content]
      all.push(partial.content)
    }
  }
  const translated = [...texts, ...Object.values(layouts).map(({ html }) => html)].some((text) =>
    /\|\s*t\b|\{%-?\s*t\b/.test(cover(text).text === text ? '' : text),
  )
  const some = <T extends object>(name: string, value: T | undefined) =>
    value === undefined || Object.keys(value).length === 0 ? {} : { [name]: value }
  const used: Partial<Library> = {
    ...some('layouts', layouts),
    ...some('partials', partials),
    ...(translated ? some('translations', library.translations) : {}),
  }
  return { used, missing: [...new Set(missing)], translated }
}
