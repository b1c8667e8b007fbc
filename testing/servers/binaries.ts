import { resolveTemporalCli, resolveTestServer } from '../../embedded/binaries.ts'
import { readSettings } from '../../settings/settings.ts'

/** The path of the Temporal CLI: as the test runner found it, else found here. */
export function temporalCli(): Promise<string> {
  return resolveTemporalCli(readSettings())
}

/** The path of the time-skipping test server: as the test runner found it, else found here. */
export function temporalTestServer(): Promise<string> {
  return resolveTestServer(readSettings())
}
