import {
  Tag,
  type Context,
  type Emitter,
  type Liquid,
  type Parser,
  type TagToken,
  type Template,
  type TopLevelToken,
} from 'liquidjs'
import { safeAddress } from '../address.ts'
import { escapeHtml, unescapeHtml } from '../escape.ts'
import { keptKey } from '../translation-keys.ts'
import { footerLinksTag } from './footer-links-tag.ts'
import { Output } from './output.ts'
import { renderTag, type Kind, type Parsers } from './render-tag.ts'
import { renderingOf } from './rendering.ts'
import { tablerowTag } from './tablerow-tag.ts'
import { lookUp } from './translate.ts'

/** `render`, `t`, `address`, `addressed` and `nonempty` (an element or brackets without content go), for templates whose result is HTML or plain text. */
export function registerTags(liquid: Liquid, kind: Kind, parse: Parsers): void {
  for (const place of ['block', 'item', 'inline', 'row'] as const)
    liquid.registerTag(place === 'block' ? 'render' : `render_${place}`, renderTag(kind, place, parse))
  liquid.registerTag(
    'indented',
    blockTag('indented', function* (context, templates) {
      const filled = (yield* inner(this, templates, context)).trim()
      return filled.replaceAll('\n', `\n${this.token.args.trim().slice(1, -1)}`)
    }),
  )
  liquid.registerTag(
    't',
    blockTag('t', function* (context, templates, source) {
      const found = lookUp(renderingOf(context), keptKey(this.token.args) ?? source.trim())
      const chosen =
        typeof found === 'string' ? parse.own(kind === 'html' ? escapeHtmlOutside(found) : found) : templates
      return (yield* inner(this, chosen, context)).trim()
    }),
  )
  liquid.registerTag(
    'nonempty',
    blockTag('nonempty', function* (context, templates) {
      const filled = yield* inner(this, templates, context)
      return /^\s*(?:\(\s*\)|<(\w+)\b[^<>]*>\s*<\/\1>)\s*$/.test(filled) ? '' : filled
    }),
  )
  liquid.registerTag('capture_text', captureText(parse.text))
  liquid.registerTag('tablerow', tablerowTag(kind))
  liquid.registerTag('footer_links', footerLinksTag(parse.text))
  liquid.registerTag(
    'address',
    blockTag('address', function* (context, templates) {
      const filled = yield* inner(this, templates, context)
      const address = safeAddress(kind === 'html' ? unescapeHtml(filled) : filled)
      const use = this.token.args.trim()
      if (!address && use !== '') renderingOf(context).lacksAddress = true
      if (use === 'judged') return ''
      return kind === 'html' ? escapeHtml(address ?? '#') : (address ?? '')
    }),
  )
  liquid.registerTag(
    'addressed',
    blockTag('addressed', function* (context, templates) {
      const rendering = renderingOf(context)
      const before = rendering.lacksAddress
      rendering.lacksAddress = false
      const filled = yield* inner(this, templates, context)
      const { lacksAddress } = renderingOf(context)
      rendering.lacksAddress = before
      if (!lacksAddress) return filled
      const warning = this.token.args.trim().slice(1, -1)
      if (warning !== '') {
        rendering.warn(warning)
        // What is around it goes with it.
        rendering.lacksAddress = true
      }
      return ''
    }),
  )
}

/** A translation is text: only its Liquid is left as it is. */
function escapeHtmlOutside(text: string): string {
  return text
    .split(/(\{\{[^{}]*\}\}|\{%[^{}]*%\})/)
    .map((part, index) => (index % 2 === 0 ? escapeHtml(part) : part))
    .join('')
}

function* inner(tag: Tag, templates: Template[], context: Context): Generator<unknown, string, unknown> {
  const output = new Output()
  yield tag.liquid.renderer.renderTemplates(templates, context, output)
  return output.buffer
}

function blockTag(
  name: string,
  render: (this: Tag, context: Context, templates: Template[], source: string) => Generator<unknown, string, unknown>,
) {
  return class extends Tag {
    readonly templates: Template[] = []
    source = ''

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
      super(token, rest, liquid)
      while (rest.length > 0) {
        const next = rest.shift()!
        if ('name' in next && next.name === `end${name}`) return
        this.source += next.getText()
        this.templates.push(parser.parseToken(next, rest))
      }
      throw new Error(`tag ${name} is not closed`)
    }

    *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
      emitter.write(yield* render.call(this, context, this.templates, this.source))
    }

    *children(): Generator<unknown, Template[], unknown> {
      yield undefined
      return this.templates
    }
  }
}

/** `{% capture_text name '<JSON of a text>' %}`: the text is filled without escaping, into a name. */
function captureText(parse: Parsers['text']) {
  return class extends Tag {
    readonly into: string
    readonly templates: Template[]

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
      super(token, rest, liquid)
      const [into = '', json = '""'] = token.args.trim().split(/\s(.*)/s)
      this.into = into
      this.templates = parse(JSON.parse(json.trim().slice(1, -1)) as string)
    }

    override *render(context: Context, _emitter: Emitter): Generator<unknown, void, unknown> {
      context.bottom()[this.into as never] = (yield* inner(this, this.templates, context)) as never
    }

    *children(): Generator<unknown, Template[], unknown> {
      yield undefined
      return this.templates
    }
  }
}
