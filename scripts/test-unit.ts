// npm run test:unit: what needs no server, in one process, since most of a file's time is its start.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const FOLDERS = ['conditions', 'definitions', 'docs', 'json', 'lint', 'preferences', 'settings', 'templates', 'steps']
/** Beside those that start a product or a process. */
const OF_FOLDER: Record<string, RegExp> = {
  settings: /^settings/,
  steps: /^(dynamic-value|send-window|window-rule)\./,
}

for (const folder of FOLDERS) {
  for (const file of readdirSync(join('test', folder)).filter((name) => name.endsWith('.test.ts'))) {
    if (OF_FOLDER[folder]?.test(file) === false) continue
    await import(join(process.cwd(), 'test', folder, file))
  }
}
