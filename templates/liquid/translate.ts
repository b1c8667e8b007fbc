import type { Rendering } from './rendering.ts'
import { textOf } from './text-of.ts'

const DEFAULT_LOCALE = 'en'

/**
 * The text of a key, such as `orders.ready` or `emails:orders.ready`, in the recipient's locale, else its language, else
 * English, with `{{ name }}` filled from `args`. `count` picks `zero`, `one` or `other`. Without a text: the key.
 */
export function translate(rendering: Rendering, key: string, args: Record<string, unknown>): string {
  const found = lookUp(rendering, key)
  const picked =
    typeof found === 'object' && found !== null
      ? plural(found as Record<string, unknown>, args['count'], rendering)
      : found
  if (typeof picked !== 'string') return key
  return picked.replace(/\{\{ {0,9}([A-Za-z_][A-Za-z0-9_]{0,99}) {0,9}\}\}/g, (_whole, name: string) =>
    textOf(args[name]),
  )
}

/** What a key stands for in the first of the recipient's locales that has it. */
export function lookUp({ translations, locale }: Rendering, key: string): unknown {
  const colon = /^[\w-]+:(?=\S)/.exec(key)
  const [namespace, path] = colon === null ? ['', key] : [colon[0].slice(0, -1), key.slice(colon[0].length)]
  for (const name of localesOf(locale)) {
    const texts = own(own(translations, name), namespace)
    const found = own(texts, path) ?? path.split('.').reduce<unknown>(own, texts)
    if (found !== undefined && found !== null) return found
  }
  return undefined
}

function localesOf(locale: string | undefined): string[] {
  const name = (locale ?? '').replaceAll('_', '-')
  return [...new Set([name, name.split('-')[0]!, DEFAULT_LOCALE])].filter((each) => each !== '')
}

function plural(forms: Record<string, unknown>, count: unknown, { locale }: Rendering): unknown {
  const number = Number(count)
  if (number === 0 && own(forms, 'zero') !== undefined) return forms['zero']
  const rules = new Intl.PluralRules(
    Intl.PluralRules.supportedLocalesOf(
      (locale ?? '').slice(0, 35).match(/^[a-z]{2,3}(?:-\w{2,8})*$/i)?.[0] ?? 'en',
    )[0] ?? 'en',
  )
  return own(forms, Number.isNaN(number) ? 'other' : rules.select(number)) ?? own(forms, 'other')
}

function own(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}
