const DEADLINE_MS = 1_000

let port: number | undefined

/** Where Temporal's runtime in this process serves its own metrics, on the loopback address. */
export function sdkServesAt(chosen: number): void {
  port = chosen
}

/** Temporal's own metrics; none where this process has no runtime, or it does not answer within a second. */
export async function sdkMetrics(): Promise<string> {
  if (port === undefined) return ''
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) })
    return answer.ok ? await answer.text() : ''
  } catch {
    return ''
  }
}
