import { CaptureTag, type Context, type Liquid } from 'liquidjs'
import { unmarked } from '../markdown-source/marks.ts'
import { Output } from './output.ts'
import { renderingOf } from './rendering.ts'
import { textOf } from './text-of.ts'

/**
 * `capture` and `raw` of Markdown source. What was captured is its text, as conditions and filters have to see it; with `raw`
 * what the author wrote in it counts, and its values are values still.
 */
export function registerCapturedSource(liquid: Liquid): void {
  liquid.registerTag('capture', SourceCapture)
  liquid.registerFilter('raw', {
    raw: true,
    handler(this: { context: Context }, value: unknown): unknown {
      const { captured } = renderingOf(this.context)
      if (captured === undefined) return value
      const text = textOf(value)
      const longestFirst = [...captured].sort(([a], [b]) => b.length - a.length)
      return captured.get(text) ?? withCaptured(text, longestFirst)
    },
  })
}

class SourceCapture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    const output = new Output()
    yield this.liquid.renderer.renderTemplates(this.templates, context, output)
    const source = output.buffer
    context.memoryLimit.use(source.length)
    const text = unmarked(source)
    context.bottom()[this.variable] = text
    if (text === source || text.trim() === '') return
    const rendering = renderingOf(context)
    rendering.captured ??= new Map()
    rendering.captured.set(text, source)
  }
}

/** What stands in a text of what was captured, before a filter made more of it. */
function withCaptured(text: string, captured: readonly (readonly [string, string])[]): string {
  const [first, ...others] = captured
  if (first === undefined) return text
  const [plain, source] = first.map((each) => each.trim()) as [string, string]
  return text
    .split(plain)
    .map((part) => withCaptured(part, others))
    .join(source)
}
