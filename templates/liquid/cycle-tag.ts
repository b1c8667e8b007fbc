import { CycleTag, evalToken, Value, type Context, type FilteredValueToken, type Liquid, type Token } from 'liquidjs'
import { shown, type Dialect } from './captured.ts'
import { textOf } from './text-of.ts'

const isCandidate = (token: Token): token is FilteredValueToken => 'filters' in token

/** `cycle` that shows what was captured as it is shown elsewhere; liquidjs' own has its text alone. */
export function cycleTag(dialect: Dialect): Liquid['tags'][string] {
  return class extends CycleTag {
    override *render(context: Context): Generator<unknown, unknown, unknown> {
      const tokens = Array.from(this.arguments()) as Token[]
      const candidates = tokens.filter(isCandidate)
      const group = yield evalToken(
        tokens.find((token) => !isCandidate(token)),
        context,
      )
      const name = `${textOf(group)}:${candidates.map((each) => each.getText()).join(',')}`
      const turns = context.getRegister<Record<string, number>>('cycle', {})
      const turn = turns[name] ?? 0
      turns[name] = (turn + 1) % candidates.length
      const candidate = new Value(candidates[turn]!, this.liquid)
      const value = yield candidate.value(context, false)
      return candidate.filters.at(-1)?.raw === true ? value : shown(value, dialect)
    }
  }
}
