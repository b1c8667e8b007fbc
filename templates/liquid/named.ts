import { toValueSync, TypeGuards, Value, type Liquid, type Template, type Token } from 'liquidjs'

/** What a template names, as liquidjs understood it: its text may be written in ways that no pattern foresees. */
export interface Named {
  tags: Set<string>
  filters: Set<string>
  /** Names at the root, each with the field behind it where that is written out. */
  roots: (readonly [root: string, field: string | undefined])[]
  /** Names that tags set, for all that follows them. */
  set: Set<string>
  /** Whether some root is a value, `[data.name]`, and may lead anywhere. */
  isComputed: boolean
}

/** A tag of ours that sets a name. */
interface Setting {
  readonly into?: string
}

/** Whether all of `names` are `known`. */
export const areAll = (names: ReadonlySet<string>, known: ReadonlySet<string>): boolean =>
  Array.from(names).every((name) => known.has(name))

/** Gathers it of templates and all within them. */
export function namedIn(liquid: Liquid, templates: readonly Template[]): Named {
  const named: Named = { tags: new Set(), filters: new Set(), roots: [], set: new Set(), isComputed: false }
  for (const template of templates) ofTemplate(template, named, liquid)
  return named
}

function ofTemplate(template: Template, named: Named, liquid: Liquid): void {
  const { token } = template
  if (TypeGuards.isTagToken(token)) named.tags.add(token.name)
  for (const argument of template.arguments?.() ?? []) {
    if (argument instanceof Value) ofValue(argument, named, liquid)
    else ofToken(argument, named, liquid)
  }
  for (const { content } of template.localScope?.() ?? []) named.set.add(content)
  const { into } = template as Template & Setting
  if (into !== undefined) named.set.add(into)
  if (template.children === undefined) return
  for (const child of toValueSync(template.children(false, true))) ofTemplate(child, named, liquid)
}

/** A value, or one in brackets that is read when it is rendered. */
interface Filtered {
  readonly initial: Value['initial']
  readonly filters: readonly Pick<Value['filters'][number], 'name' | 'args'>[]
}

/** liquidjs has put its escape at the end of what is shown, which is no filter of the template's. */
function ofValue({ initial, filters }: Filtered, named: Named, liquid: Liquid): void {
  for (const token of initial.postfix) ofToken(token, named, liquid)
  for (const filter of filters) {
    const handler = 'handler' in filter ? filter.handler : undefined
    if (handler !== liquid.options.outputEscape) named.filters.add(filter.name)
    for (const arg of filter.args) {
      const value = Array.isArray(arg) ? arg[1] : arg
      if (value !== undefined) ofToken(value, named, liquid)
    }
  }
}

function ofToken(token: Token, named: Named, liquid: Liquid): void {
  if (TypeGuards.isRangeToken(token)) {
    ofToken(token.lhs, named, liquid)
    ofToken(token.rhs, named, liquid)
  } else if (TypeGuards.isFilteredValueToken(token)) {
    ofValue(token, named, liquid)
  } else if (TypeGuards.isPropertyAccessToken(token)) {
    const { variable, props } = token
    for (const prop of props) ofToken(prop, named, liquid)
    const [root, field] = props.map(nameOf)
    // Of a literal or a range, such as `(1..data.most).last`.
    if (variable !== undefined) ofToken(variable, named, liquid)
    else if (root === undefined) named.isComputed = true
    else named.roots.push([root, field])
  }
}

function nameOf(prop: Token): string | undefined {
  return TypeGuards.isWordToken(prop) || TypeGuards.isQuotedToken(prop) ? prop.content : undefined
}
