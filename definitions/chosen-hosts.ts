import type { Channel } from './catalog.ts'
import type { Library } from './definition.ts'
import { usedOf } from './library.ts'
import type { Remark } from './problem.ts'
import type { JsonPath } from './source.ts'
import type { Step } from './step.ts'

/** An output that is one of `vars` as it stands. */
const OF_VARS = /\{\{-?\s{0,9}vars(?:\.[\w-]{1,255}){1,10}\s{0,9}-?\}\}/y
/** Text up to the next Liquid. */
const TEXT = /[^{]+/y
const HOST = /^\s*https?:\/\/[^\s/?#\\@]+[/?#]/i

/** Requests that may not be made as long as nobody lists hosts: their urls let data choose one, and they hold `vars` or are signed. */
export function chosenHosts(
  placed: readonly { step: Step; at: JsonPath }[],
  library: Library,
  channels: readonly Channel[],
  env: NodeJS.ProcessEnv,
): Remark[] {
  if (env['BELAY_HTTP_SECRET_HOSTS']) return []
  return placed.flatMap(({ step, at }): Remark[] => {
    const request = requestOf(step, channels)
    if (request === null || saysHost(request.url)) return []
    if (!request.isSigned && !usesVars(request.texts, library)) return []
    return [{ at: [...at, ...request.at, 'url'], message: MESSAGE }]
  })
}

const MESSAGE =
  'data may choose the host, and some of vars or a signature goes there: such a request is only made to a host that ' +
  'BELAY_HTTP_SECRET_HOSTS lists; write the host out, or take it from vars, with a / behind it'

interface Request {
  at: string[]
  url: string
  texts: string[]
  isSigned: boolean
}

/** Null: the step makes none, or its channels say who gets secrets. */
function requestOf(step: Step, channels: readonly Channel[]): Request | null {
  if (step.type === 'http_fetch') {
    const { url, headers, queryParams, body, signingKey } = step
    const texts = [url, body ?? '', ...valuesOf(headers), ...valuesOf(queryParams)]
    return { at: ['settings'], url, texts, isSigned: signingKey !== null }
  }
  if (step.type !== 'channel' || step.channelType !== 'http') return null
  const keys = (step.group?.channels ?? [step.channel]).map(({ key }) => key)
  const say = channels.filter(({ key, settings }) => keys.includes(key) && settings['secret_hosts'] !== undefined)
  if (say.length === keys.length) return null
  const { url, headers, queryParams, body } = step.template
  const texts = [url, body ?? '', ...valuesOf(headers), ...valuesOf(queryParams)]
  return { at: ['template'], url, texts, isSigned: false }
}

const valuesOf = (pairs: readonly { value: string }[] | string): string[] =>
  typeof pairs === 'string' ? [pairs] : pairs.map(({ value }) => value)

/** Whether the file, or `vars`, says the host and that it ends there. */
function saysHost(url: string): boolean {
  let known = ''
  let at = 0
  for (let found = 1; found > 0; at += found) {
    TEXT.lastIndex = at
    OF_VARS.lastIndex = at
    const text = TEXT.exec(url)?.[0]
    const output = OF_VARS.exec(url)?.[0]
    known += text ?? (output === undefined ? '' : known.trim() === '' ? 'https://vars.invalid' : 'vars')
    found = (text ?? output ?? '').length
  }
  return at === url.length || HOST.test(known)
}

function usesVars(texts: readonly string[], library: Library): boolean {
  const { partials = {} } = usedOf(library, texts, []).used
  return [...texts, ...Object.values(partials).map(({ content }) => content)].some((text) => /\bvars\b/.test(text))
}
