// Takes out of node_modules what the containers do not load: once, in the image's build, after `npm ci --omit=dev`.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const modules = 'node_modules'
const remove = (path) => rmSync(join(modules, path), { recursive: true, force: true })

// Temporal's native part, for five platforms, with its sources.
const bridge = '@temporalio/core-bridge'
const ours = process.arch === 'arm64' ? 'aarch64-unknown-linux-gnu' : 'x86_64-unknown-linux-gnu'
const releases = readdirSync(join(modules, bridge, 'releases'))
if (!releases.includes(ours)) throw new Error(`${bridge} has no ${ours}, only ${releases.join(', ')}`)
for (const release of releases) if (release !== ours) remove(`${bridge}/releases/${release}`)
for (const sources of ['sdk-core', 'src', 'bridge-macros', 'ts']) remove(`${bridge}/${sources}`)

// The bundle of the workflows is built before, the sources are JavaScript by then, and the store is Postgres.
const unused = ['@swc', '@esbuild', 'esbuild', 'tsx', 'terser', 'caniuse-lite', '@webassemblyjs', '@electric-sql']
for (const name of unused) remove(name)

// The SDK names webpack when it is loaded, and calls it for a bundle only.
remove('webpack')
mkdirSync(join(modules, 'webpack'))
writeFileSync(
  join(modules, 'webpack/index.js'),
  `exports.webpack = () => { throw new Error('this image has no webpack: run the bundle of npm run build') }\n`,
)

// What editors and debuggers read.
let bytes = 0
for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const path = join(entry.parentPath, entry.name)
  if (/\.(map|d\.[cm]?ts|flow|tsbuildinfo)$/.test(entry.name)) rmSync(path)
  else bytes += statSync(path).size
}
console.log(`node_modules: ${(bytes / 1_000_000).toFixed(0)} MB`)
