import { Connection, type ConnectionOptions } from '@temporalio/client'
import { SettingsError } from '../settings/settings.ts'
import { interceptors } from '../temporal/closed-channel.ts'
import { isForbidden, reasonOf } from '../temporal/refusals.ts'

const GRPC_NOT_FOUND = 5

/** For commands that do their work and end. Throws a SettingsError where Temporal does not answer, or not this account. */
export async function connectToTemporal(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect({ interceptors, ...options })
  } catch (error) {
    const { address = '127.0.0.1:7233' } = options
    const reason = reasonOf(error)
    if (isForbidden(error))
      throw new SettingsError(`TEMPORAL_API_KEY: Temporal at ${address} refuses it (${reason})`, { cause: error })
    throw new SettingsError(`TEMPORAL_ADDRESS: Temporal does not answer at ${address} (${reason})`, { cause: error })
  }
}

/** Throws a SettingsError where Temporal says that it has no such namespace. An account that may not ask passes. */
export async function requireNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace })
  } catch (error) {
    if ((error as { code?: unknown }).code !== GRPC_NOT_FOUND) return
    throw noNamespace(` at ${connection.options.address}`, namespace, error)
  }
}

/** Says how the namespace is made, or its name corrected. */
export function noNamespace(where: string, namespace: string, cause: unknown): SettingsError {
  return new SettingsError(
    `TEMPORAL_NAMESPACE: Temporal${where} has no namespace ${namespace}; correct the name, ` +
      `or make it: temporal operator namespace create --namespace ${namespace}`,
    { cause },
  )
}
