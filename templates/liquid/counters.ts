import { Tag, type Context, type Emitter, type Liquid, type TagToken, type TopLevelToken } from 'liquidjs'

const KEY = 'belay-counters'

/**
 * `increment` and `decrement`. A counter belongs to one text of one message: liquidjs would write it into the scope, which
 * other texts and recipients see. It hides no name of the scope and none that the template assigned.
 */
export function registerCounters(liquid: Liquid): void {
  liquid.registerTag('increment', counter(1))
  liquid.registerTag('decrement', counter(-1))
}

function counter(step: 1 | -1) {
  return class extends Tag {
    readonly variable: string

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
      super(token, rest, liquid)
      this.variable = this.tokenizer.readIdentifier().content
      if (this.variable === '') throw new Error(`${token.name} needs a name`)
    }

    render(context: Context, emitter: Emitter): void {
      const counters = context.getRegister<Map<string, number> | undefined>(KEY) ?? new Map<string, number>()
      context.setRegister(KEY, counters)
      const before = counters.get(this.variable)
      const after = (before ?? 0) + step
      counters.set(this.variable, after)
      emitter.write(step === 1 ? (before ?? 0) : after)
      const names = context.bottom() as Record<string, unknown>
      const isFree = !(this.variable in context.environments) && !(this.variable in context.globals)
      if (isFree && names[this.variable] === before) names[this.variable] = after
    }
  }
}
