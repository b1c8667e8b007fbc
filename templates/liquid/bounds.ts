import { CaptureTag, type Context, type Liquid } from 'liquidjs'
import { Output } from './output.ts'

/** Items that a filter walks at most. */
const LONGEST_LIST = 50_000

/** Filters that look at each item of a list. Some spend microseconds on each, and the time limit is asked between outputs only. */
const WALKING = (
  'where where_exp reject reject_exp find find_exp find_index find_index_exp has has_exp group_by group_by_exp sort ' +
  'sort_natural map sum uniq compact concat reverse join push unshift intersect json'
).split(' ')

interface This {
  context: Context
}

/** Bounds for what liquidjs leaves without one: filters over long lists, and texts that `capture` makes. */
export function registerBounds(liquid: Liquid): void {
  for (const name of WALKING) {
    const given = liquid.filters[name]
    if (given === undefined) continue
    const handler = typeof given === 'function' ? given : given.handler
    const bounded = function (this: This, value: unknown, ...args: unknown[]): unknown {
      for (const each of [value, ...args])
        if (Array.isArray(each) && each.length > LONGEST_LIST)
          throw new Error(`${name} takes lists of at most ${LONGEST_LIST} items`)
      this.context.renderLimit.check(performance.now())
      return (handler as (this: This, ...all: unknown[]) => unknown).call(this, value, ...args)
    }
    const raw = typeof given !== 'function' && given.raw
    liquid.registerFilter(name, { raw, handler: bounded })
  }
  liquid.registerTag('capture', BoundedCapture)
}

class BoundedCapture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    const output = new Output()
    yield this.liquid.renderer.renderTemplates(this.templates, context, output)
    context.memoryLimit.use(output.buffer.length)
    context.bottom()[this.variable] = output.buffer
  }
}
