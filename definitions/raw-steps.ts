import type { JsonPath } from './source.ts'

/** A step as it stands in a file, which may not be one. */
interface RawStep {
  step: { ref?: string }
  at: JsonPath
}

/** The steps of a workflow file of which some cannot be read, those of branches too, in the order of the file. */
export function rawSteps(file: unknown, at: JsonPath = []): RawStep[] {
  if (!isObject(file)) return []
  const found: RawStep[] = []
  for (const list of ['steps', 'branches', 'cohort_branches']) {
    const inner = file[list]
    if (!Array.isArray(inner)) continue
    inner.forEach((each: unknown, index) => {
      const here = [...at, list, index]
      if (list === 'steps' && isObject(each) && typeof each['ref'] === 'string')
        found.push({ step: { ref: each['ref'] }, at: here })
      found.push(...rawSteps(each, here))
    })
  }
  return found
}

/** The layouts that e-mails of a file name, each once. */
export function layoutsOf(value: unknown): string[] {
  if (!isObject(value) && !Array.isArray(value)) return []
  const own = isObject(value) ? value['layout_key'] : undefined
  const named = typeof own === 'string' && own.trim() !== '' ? [own.trim()] : []
  return [...new Set([...named, ...Object.values(value).flatMap(layoutsOf)])]
}

/** Every text of a file; a partial block counts as its tag. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  const { type, key } = value as { type?: unknown; key?: unknown }
  const block = type === 'partial' && typeof key === 'string' ? [`{% render '${key}' %}`] : []
  return [...block, ...Object.values(value).flatMap(textsOf)]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
