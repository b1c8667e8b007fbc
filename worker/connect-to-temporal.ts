import { Connection, type ConnectionOptions } from '@temporalio/client'
import { SettingsError } from '../settings/settings.ts'

/** For commands that do their work and end. Throws a SettingsError where Temporal does not answer. */
export async function connectToTemporal(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect(options)
  } catch (error) {
    const { address = '127.0.0.1:7233' } = options
    const reason = error instanceof Error ? error.message : String(error)
    throw new SettingsError(`TEMPORAL_ADDRESS: Temporal does not answer at ${address} (${reason})`, { cause: error })
  }
}
