import { inspect } from 'node:util'
import { readSettings, SettingsError } from '../../settings/settings.ts'
import { StartError } from '../start-error.ts'
import { readCommand } from './command.ts'
import { openKeys } from './open-keys.ts'

/** npm run keys -- create|list|revoke: what is asked for alone on stdout, so that a script can take the key. */
async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2))
  const keys = await openKeys(readSettings())
  try {
    for (const line of await command(keys)) console.log(line)
  } finally {
    await keys.close()
  }
}

main().catch((error: unknown) => {
  const expected = error instanceof StartError || error instanceof SettingsError
  console.error(expected ? error.message : inspect(error))
  process.exitCode = 1
})
