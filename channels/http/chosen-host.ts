import { isDeepStrictEqual } from 'node:util'
import type { HostList } from '../../settings/host-list.ts'
import { BUILT_IN_VARS } from '../../templates/branding.ts'
import { renderLiquid } from '../../templates/liquid.ts'
import { renderingFor } from '../../templates/rendering-for.ts'
import { SOURCE, type Scope } from '../../templates/scope.ts'

/** A url whose host stands there, whatever follows: it ends before any Liquid. */
const LITERAL = /^\s*https?:\/\/[^\s/?#\\@{}%]+[/?#]/i
/** How a host is named that may hold some of `vars`. */
const UNNAMED = '[hidden]'

export interface Rendered {
  url: string
}

/**
 * The host of a request that may not have it unless it is listed, as reasons name it: data led there, and the request holds some
 * of `vars`, or is signed. Null: it may have it. Data leads where the url's origin is another than with `vars` alone, so what
 * may go unlisted goes where no data can choose; and what is the same without `vars` holds none of them. Either way it is
 * what was rendered that counts, not how a template is written.
 */
export function hostToList<R extends Rendered>(
  { url, isSigned = false }: { url: string; isSigned?: boolean },
  scope: Scope,
  request: R,
  render: (scope: Scope) => R,
): string | null {
  if (!isSigned && Object.keys(varsOf(scope)).every((name) => BUILT_IN_VARS.has(name))) return null
  const to = urlOf(request.url)
  // Whoever sends says that it is no address.
  if (to === null || to.origin === ownOrigin(url, scope)) return null
  const without = attempt(() => render(withoutVars(scope)))
  if (!isSigned && isDeepStrictEqual(without, request)) return null
  return urlOf(without?.url)?.hostname === to.hostname ? to.hostname : UNNAMED
}

/** Why nothing is sent to a host that should be listed and is not. `settings`: where. */
export function notListed(host: string, settings: string): string {
  const which = host === UNNAMED ? 'it' : host
  return (
    `url: data chose the host${host === UNNAMED ? '' : ` ${host}`}, which would get some of vars or a signature: list ` +
    `${which}, or "*" for every host, in ${settings}; or write the host out, with a / behind it`
  )
}

/** Whether a list has the host of a url; without one there is none. */
export const isListed = (hosts: HostList | undefined, url: URL): boolean => hosts?.has(url.hostname) === true

/** Where a url leads if nobody sent anything: scheme, host and port. Null: it needs data to be a url. */
function ownOrigin(url: string, scope: Scope): string | null {
  const literal = LITERAL.exec(url)?.[0]
  if (literal !== undefined) return urlOf(literal.trim())?.origin ?? null
  // A tenant has a say in its branding.
  const alone: { data?: object; vars: object } = { vars: { ...varsOf(scope), branding: undefined } }
  const rendering = { ...renderingFor(scope), locale: undefined, entities, warn: () => undefined }
  const text = attempt(() => renderLiquid(url, 'text', alone, rendering))
  return urlOf(text?.trim())?.origin ?? null
}

/** Nobody is found. */
const entities = { get: () => null }

/** `data` is another object, since what is rendered is kept by it. */
function withoutVars(scope: Scope): Scope {
  const own = Object.defineProperties({}, Object.getOwnPropertyDescriptors(scope)) as Scope
  const laid = { data: { ...scope.data }, vars: { branding: varsOf(scope)['branding'] } }
  for (const [name, value] of Object.entries(laid))
    Object.defineProperty(own, name, { value, enumerable: true, configurable: true, writable: true })
  const source = scope[SOURCE]
  if (source !== undefined) own[SOURCE] = { ...source, warnings: undefined }
  return own
}

function varsOf({ vars }: Scope): Record<string, unknown> {
  return typeof vars === 'object' && vars !== null ? (vars as Record<string, unknown>) : {}
}

/** As the senders read it; null: none, or one with a login. */
function urlOf(text: string | null | undefined): URL | null {
  if (typeof text !== 'string' || !URL.canParse(text)) return null
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url : null
}

function attempt<T>(make: () => T): T | null {
  try {
    return make()
  } catch {
    return null
  }
}
