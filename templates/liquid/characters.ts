import { Context, type Liquid } from 'liquidjs'
import { Captured } from './captured.ts'
import { textOf } from './text-of.ts'

interface This {
  context: Context
}

/**
 * Filters of texts that count by characters (code points) and part words as Liquid in Ruby does: liquidjs counts halves of
 * those beyond U+FFFF, hands out such halves, and puts an ellipsis behind texts that are just as long as asked.
 */
export function registerCharacters(liquid: Liquid): void {
  const filter = (name: string, handler: (this: This, value: unknown, ...args: unknown[]) => unknown) => {
    liquid.registerFilter(name, handler as never)
  }
  filter('size', (value) => (typeof value === 'object' && value !== null ? Object.keys(value).length : lengthOf(value)))
  for (const [name, at] of [['first', 0] as const, ['last', -1] as const]) {
    filter(name, (value) => (typeof value === 'string' ? characterAt(value, at) : list(value).at(at)))
  }
  filter('split', function (value, separator) {
    const text = textOf(value)
    const by = textOf(separator)
    this.context.memoryLimit.use(text.length)
    if (by === ' ') return wordsOf(text)
    const parts = by === '' ? Array.from(text) : text.split(by)
    while (parts.at(-1) === '') parts.pop()
    return parts
  })
  filter('truncatewords', function (value, most = 15, ending = '...') {
    const text = textOf(value)
    this.context.memoryLimit.use(text.length)
    const words = wordsOf(text)
    const kept = Math.max(1, Math.trunc(Number(most)) || 0)
    return words.length <= kept ? value : words.slice(0, kept).join(' ') + textOf(ending)
  })
  filter('capitalize', (value) => capitalized(textOf(value)))
}

/** With its first character in upper case, and the others in lower case. */
export function capitalized(text: string): string {
  const [first = ''] = text
  return first.toUpperCase() + text.slice(first.length).toLowerCase()
}

/** The words of a text, parted by any blanks; none are empty. */
const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

function lengthOf(value: unknown): number {
  if (typeof value !== 'string') return 0
  let length = 0
  for (const _character of value) length += 1
  return length
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

function characterAt(text: string, at: number): string | undefined {
  return Array.from(text).at(at)
}

/** What templates see of their scope; of a text its `size`, `first`, `last` and, by its number, each character. */
export class CharacterContext extends Context {
  override readProperty(object: object, key: unknown): unknown {
    const text: unknown = object instanceof Captured ? object.text : object
    if (typeof text !== 'string') return super.readProperty(object, key as never)
    if (typeof key === 'number') return characterAt(text, key)
    if (key === 'size' || key === 'length') return lengthOf(text)
    if (key === 'first' || key === 'last') return characterAt(text, key === 'first' ? 0 : -1)
    return undefined
  }

  override spawn(scope: object = {}): Context {
    const { sync, globals, strictVariables, ownPropertyOnly, renderLimit, memoryLimit } = this
    const options = { sync, globals, strictVariables, ownPropertyOnly }
    const liquid = this.liquid as Liquid
    return new CharacterContext(scope, this.opts, options, { renderLimit, memoryLimit, liquid })
  }
}
