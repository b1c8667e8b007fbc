import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export interface ComposeService {
  image: string
  restart?: string
  command?: string[]
  entrypoint?: string[]
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  configs?: { source: string; target: string }[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  stop_grace_period?: string
  mem_limit?: string
  read_only?: boolean
  tmpfs?: string[]
  cap_drop?: string[]
}

export interface ComposeFile {
  services: Record<string, ComposeService>
  configs: Record<string, { content: string }>
  volumes: Record<string, null>
}

export const root = new URL('../../', import.meta.url)

/** docker-compose.yml as Compose reads it with no .env: merged, variables at their defaults, `$$` as `$`. */
export function composeFile(): ComposeFile {
  const raw: unknown = parse(readFileSync(new URL('docker-compose.yml', root), 'utf8'), { merge: true })
  return interpolate(raw) as ComposeFile
}

function interpolate(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\$(?:\$|\{(\w+):-([^}]*)\}|.?)/g, defaultOf)
  if (Array.isArray(value)) return value.map(interpolate)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, interpolate(inner)]))
}

function defaultOf(found: string, name: string | undefined, fallback: string | undefined): string {
  if (found === '$$') return '$'
  if (name === undefined) throw new Error(`docker-compose.yml: "${found}" has no default; write $$ for a dollar sign`)
  return fallback!
}
