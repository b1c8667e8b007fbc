import type { Context, Emitter, Liquid, Template, Token } from 'liquidjs'
import { RESULT_LIMIT } from './output.ts'
import { areAll, namedIn } from './named.ts'
import { sharedUnless } from './shared.ts'

/** Tags that leave nothing behind for what comes after them, such as an end of what is around them, but for names. */
const CONTAINED = new Set(
  (
    'if unless for case address addressed echo raw comment render render_item render_inline render_row indented t nonempty ' +
    'tablerow assign capture capture_text footer_links'
  ).split(' '),
)
/** Of those, the ones that leave a name. */
const NAMING = new Set(['assign', 'capture', 'capture_text', 'footer_links'])
/** What a loop names that goes on where another ended. */
const CONTINUED = 'continue'

/** One piece of a template. */
export interface Part {
  template: Template
  /** As of a whole template (shared.ts): null, and it is one recipient's. */
  sharedUnless: string[] | null
}

/**
 * The pieces of a template, each of which may be the same for all recipients of a trigger though the whole is not. Null: it
 * cannot be taken apart.
 */
export function partsOf(liquid: Liquid, templates: Template[]): Part[] | null {
  if (templates.length < 2) return null
  const { tags, roots, set, isComputed } = namedIn(liquid, templates)
  if (isComputed || !areAll(tags, CONTAINED) || roots.some(([root]) => root === CONTINUED)) return null
  return templates.map((template) => {
    const named = namedIn(liquid, [template])
    const leavesName = Array.from(named.tags).some((tag) => NAMING.has(tag))
    return { template, sharedUnless: leavesName ? null : sharedUnless(named, set) }
  })
}

/** The pieces with those filled in that are the trigger's, as long as none of `unless` is the scope's own. */
interface PartlyFilled {
  templates: Template[]
  unless: string[]
}

/** By the trigger's data, then by the parts of a template. */
const known = new WeakMap<object, Map<readonly Part[], PartlyFilled | null>>()

/**
 * A template whose parts that all recipients of the scope's trigger share are filled in, by `fill`, once. Null: there is no
 * trigger, or one of them fails, warns, or they are too long together; whoever renders the whole then hears of it.
 */
export function partlyFilled(
  parts: readonly Part[],
  scope: { data?: object },
  fill: (templates: Template[], warn: () => void) => string,
): Template[] | null {
  const { data } = scope
  if (data === undefined) return null
  const ofTrigger = known.get(data) ?? new Map<readonly Part[], PartlyFilled | null>()
  known.set(data, ofTrigger)
  let filled = ofTrigger.get(parts)
  if (filled === undefined) {
    filled = fillShared(parts, scope, fill)
    ofTrigger.set(parts, filled)
  }
  return filled === null || filled.unless.some((name) => name in scope) ? null : filled.templates
}

function fillShared(
  parts: readonly Part[],
  scope: object,
  fill: (templates: Template[], warn: () => void) => string,
): PartlyFilled | null {
  const told = { warnings: 0, length: 0 }
  const warn = () => {
    told.warnings += 1
  }
  const templates: Template[] = []
  const unless = new Set<string>()
  const isShared = ({ sharedUnless: names }: Part) => names?.every((name) => !(name in scope)) === true
  for (let at = 0; at < parts.length;) {
    let end = at
    while (end < parts.length && isShared(parts[end]!)) end += 1
    const run = parts.slice(at, end)
    if (run.length === 0) {
      templates.push(parts[at]!.template)
      at += 1
      continue
    }
    try {
      const text = fill(
        run.map(({ template }) => template),
        warn,
      )
      told.length += text.length
      if (told.length > RESULT_LIMIT || told.warnings > 0) return null
      templates.push(new Constant(text, run[0]!.template.token))
    } catch {
      return null
    }
    for (const name of run.flatMap((part) => part.sharedUnless ?? [])) unless.add(name)
    at = end
  }
  return { templates, unless: [...unless] }
}

/** A piece whose text is known. `token` is of what it stands for. */
export class Constant implements Template {
  readonly text: string
  readonly token: Token

  constructor(text: string, token: Token) {
    this.text = text
    this.token = token
  }

  render(_context: Context, emitter: Emitter): void {
    emitter.write(this.text)
  }
}
