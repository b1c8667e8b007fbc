import { VARIABLE } from './settings.ts'

/** A shorter text is no secret, and would be found in innocent words. */
const SHORTEST = 6
const HIDDEN = '[hidden]'

/** The values of all `$NAME`s in a channel's settings: what its author kept out of the file. */
export function secretsOf(settings: unknown, env: NodeJS.ProcessEnv): string[] {
  if (typeof settings === 'string') {
    const name = VARIABLE.exec(settings)?.[1]
    const value = name === undefined ? undefined : env[name]?.trim()
    return value === undefined ? [] : [value]
  }
  if (typeof settings !== 'object' || settings === null) return []
  return Object.values(settings).flatMap((value) => secretsOf(value, env))
}

/** A part of a webhook's address that is shorter names a kind of thing, and stands in many addresses. */
const PART_LENGTH = 16

/** What of a request gives access to something: its login, and the address of a webhook, whole or in parts. */
export function secretsIn(
  { url, headers }: { url: string; headers?: Record<string, string> },
  isApi: boolean,
): string[] {
  const login = headers?.['authorization']
  const { pathname, search, searchParams } = new URL(url)
  const parts = [...pathname.split('/'), ...searchParams.values()].filter((part) => part.length >= PART_LENGTH)
  return [
    ...(login === undefined ? [] : [login, login.replace(/^\w+ /, '')]),
    ...(isApi ? [] : [pathname + search, pathname, ...parts]),
  ]
}

/** A text without what must not be kept, as it stands or as JSON, a URL or base64 writes it. */
export function withoutHidden(text: string, hidden: readonly string[]): string {
  const forms = hidden
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ])
  return [...new Set(forms)]
    .sort((a, b) => b.length - a.length)
    .reduce((clean, form) => clean.replaceAll(form, HIDDEN), text)
}
