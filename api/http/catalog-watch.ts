import type { Logger } from 'pino'
import type { LiveCatalog } from '../../engine/live-catalog.ts'
import { DefinitionsError, problemLine } from '../../definitions/problem.ts'

const EVERY_MS = 500

/** Looks every half second whether another process published a newer folder. A store that is away is asked again. */
export function watchCatalog(live: LiveCatalog, log: Logger): { close: () => void } {
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const next = () => {
    if (closed) return
    timer = setTimeout(() => void look(), EVERY_MS)
    timer.unref()
  }
  const look = async () => {
    try {
      if (await live.look()) {
        log.info({ definitions: live.current.definitions.size }, 'took up the definitions that another api published')
        logProblems(live, log)
      }
    } catch {
      // Requests say that the store is away; this looks again.
    }
    next()
  }
  next()
  return {
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

/** A reload that nobody waits for: what came of it is logged. Never rejects. */
export async function reloadAndLog(live: LiveCatalog, log: Logger): Promise<void> {
  try {
    log.info(await live.reload(), 'read the notifications folder anew')
    logProblems(live, log)
  } catch (error) {
    if (error instanceof DefinitionsError) log.error(`the definitions from before stay. ${error.message}`)
    else log.error({ err: error }, 'the notifications folder was not read anew')
  }
}

/** A line for each mistake for which something was left out, and for each oddity. */
export function logProblems({ current }: LiveCatalog, log: Logger): void {
  for (const problem of (current.problems ?? []).slice(0, MOST_LINES)) log.error(`left out: ${problemLine(problem)}`)
  for (const warning of current.warnings ?? []) log.warn(warning)
}

const MOST_LINES = 1_000
