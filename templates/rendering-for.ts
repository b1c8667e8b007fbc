import type { RenderingOptions } from './liquid.ts'
import { SOURCE, type Scope, type ScopeSource } from './scope.ts'

/** Warnings kept of one step, at most. */
const MOST_WARNINGS = 20

/**
 * What belongs to the rendering of a scope's templates: its recipient's locale, its definition's partials and translations,
 * the loaders, the clock. Warnings are kept with the scope.
 */
export function renderingFor(scope: Scope): RenderingOptions {
  const source = scope[SOURCE]
  const locale = scope.recipient['locale']
  return {
    locale: typeof locale === 'string' ? locale : undefined,
    partials: source?.library?.partials ?? {},
    translations: source?.library?.translations ?? {},
    entities: source?.entities,
    now: source?.now ?? Date.now,
    warn: warnIn(source),
  }
}

function warnIn(source: ScopeSource | undefined): (message: string) => void {
  return (message) => {
    if (source === undefined) return
    source.warnings ??= new Set()
    if (source.warnings.size < MOST_WARNINGS) source.warnings.add(message)
  }
}

/** For a text that decides which way a walk goes: the loaders cannot be used in it, since nothing is loaded for it. */
export function keyRenderingFor(scope: Scope): RenderingOptions {
  return { ...renderingFor(scope), entities: undefined }
}
