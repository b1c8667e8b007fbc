import {
  Tag,
  type Context,
  type Emitter,
  type Liquid,
  type Template,
  type TagToken,
  type TopLevelToken,
} from 'liquidjs'
import { Output } from './output.ts'

/** `{% footer_links '<JSON>' %}`: a layout's links as a list of that name, with the Liquid in them filled in as text. */
export function footerLinksTag(parse: (text: string) => Template[]) {
  return class extends Tag {
    readonly into = 'footer_links'
    readonly links: Record<'text' | 'url', Template[]>[]

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
      super(token, rest, liquid)
      const links = JSON.parse(token.args.trim().slice(1, -1)) as Record<'text' | 'url', string>[]
      this.links = links.map(({ text, url }) => ({ text: parse(text), url: parse(url) }))
    }

    *render(context: Context, _emitter: Emitter): Generator<unknown, void, unknown> {
      const filled: Record<'text' | 'url', string>[] = []
      for (const { text, url } of this.links)
        filled.push({ text: yield* this.filled(text, context), url: yield* this.filled(url, context) })
      context.bottom()[this.into as never] = filled as never
    }

    *children(): Generator<unknown, Template[], unknown> {
      yield undefined
      return this.links.flatMap(({ text, url }) => [...text, ...url])
    }

    *filled(templates: Template[], context: Context): Generator<unknown, string, unknown> {
      const output = new Output()
      yield this.liquid.renderer.renderTemplates(templates, context, output)
      return output.buffer
    }
  }
}
