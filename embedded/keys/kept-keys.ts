import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Settings } from '../../settings/settings.ts'
import { StartError } from '../start-error.ts'

export interface Keys {
  secretKey: string
  publicKey: string
  /** The file that holds the secret key; null if BELAY_SECRET_KEY gave it. */
  secretKeyFile: string | null
}

const kept = z.object({ secret_key: z.string().startsWith('sk_'), public_key: z.string().startsWith('pk_') })

/** The keys of the settings, else those made at the first start and kept in the data folder, readable by its owner alone. */
export function readKeys(folder: string, settings: Pick<Settings, 'BELAY_SECRET_KEY' | 'BELAY_PUBLIC_KEY'>): Keys {
  const file = join(folder, 'keys.json')
  const { secret_key, public_key } = read(file) ?? make(file)
  return {
    secretKey: settings.BELAY_SECRET_KEY ?? secret_key,
    publicKey: settings.BELAY_PUBLIC_KEY ?? public_key,
    secretKeyFile: settings.BELAY_SECRET_KEY === undefined ? file : null,
  }
}

function read(file: string): z.infer<typeof kept> | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    return kept.parse(JSON.parse(text))
  } catch {
    throw new StartError(
      `${file} must hold {"secret_key": "sk_...", "public_key": "pk_..."}; delete it to get new keys`,
    )
  }
}

function make(file: string): z.infer<typeof kept> {
  const random = () => randomBytes(24).toString('base64url')
  const keys = { secret_key: `sk_${random()}`, public_key: `pk_${random()}` }
  // Whole or not at all: half a file would stop every start after a crash.
  writeFileSync(`${file}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
  return keys
}
