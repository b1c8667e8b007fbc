import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBundle } from '../../worker/bundle.ts'

let written: Promise<{ codePath: string }> | undefined

/** The workflow bundle: the one the test runner wrote, else one written once by this process. */
export async function testBundle(): Promise<{ codePath: string }> {
  // Not that promise itself: on Node 20 files of one process that wait for the same one take part in each other's suites.
  return await (written ??= write())
}

async function write(): Promise<{ codePath: string }> {
  const given = process.env['BELAY_TEST_BUNDLE']
  if (given !== undefined) return { codePath: given }
  const folder = mkdtempSync(join(tmpdir(), 'belay-bundle-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const codePath = join(folder, 'workflow-bundle.js')
  await writeBundle(codePath)
  return { codePath }
}
