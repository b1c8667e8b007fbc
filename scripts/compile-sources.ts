import { build, stop, type Plugin } from 'esbuild'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** It looks for the workflow bundle beside what was compiled, as in `dist/`; all else finds files beside its source. */
const KNOWS_WHERE_IT_RUNS = 'worker/bundle.ts'

/**
 * Compiles each TypeScript file below `root` into a module of its own at the same path below `folder`, with a source map.
 * A test file is a process, and half of what it needs to start under tsx goes to tsx. `import.meta.url` stays the address
 * of the source.
 */
export async function compileSources(root: string, folder: string): Promise<void> {
  const rooms = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && !['node_modules', 'dist'].includes(entry.name),
  )
  const files = rooms
    .flatMap(({ name }) =>
      readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((file) => join(name, file)),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('node_modules'))
  await build({
    absWorkingDir: root,
    entryPoints: files,
    outbase: root,
    outdir: folder,
    bundle: true,
    plugins: [oneModuleEach(root)],
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: 'linked',
    sourcesContent: false,
    define: { 'import.meta.url': 'SOURCE_URL', 'import.meta.dirname': 'SOURCE_FOLDER' },
    logLevel: 'error',
  })
  await stop()
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
}

/** Bundles nothing: modules are loaded one by one, in the order in which the sources would be. */
function oneModuleEach(root: string): Plugin {
  return {
    name: 'one module each',
    setup(compiler) {
      compiler.onResolve({ filter: /./ }, ({ kind, path, resolveDir }) => {
        if (kind === 'entry-point') return undefined
        if (!path.startsWith('.')) return { path, external: true }
        // What needs no compiler is loaded where it is.
        const target = path.endsWith('.ts')
          ? path.replace(/\.ts$/, '.js')
          : pathToFileURL(resolve(resolveDir, path)).href
        return { path: target, external: true }
      })
      compiler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const source = readFileSync(path, 'utf8')
        const place =
          path === join(root, KNOWS_WHERE_IT_RUNS)
            ? 'const { url: SOURCE_URL } = import.meta;'
            : `const SOURCE_URL = ${JSON.stringify(pathToFileURL(path).href)}, SOURCE_FOLDER = ${JSON.stringify(dirname(path))};`
        const contents = path.endsWith('.test.ts') ? asSuite(relative(root, path), source) : source
        // On the first line, so that no line moves.
        return { contents: contents.includes('import.meta.') ? place + contents : contents, loader: 'ts' }
      })
    },
  }
}

/** What stands before the first line of code: imports, comments and empty lines. */
const HEAD = /^(?:(?:import (?:[^'"]*? from )?'[^']+'(?: with \{.*\})?;?|\/\/.*|\/\*[\s\S]*?\*\/)?\n)*/

/** Makes a test file one suite of its name: its hooks stay its own where a process runs several. No line moves. */
function asSuite(name: string, source: string): string {
  const head = HEAD.exec(source)![0]
  const begin = `import { describe as suiteOfFile } from 'node:test'; suiteOfFile(${JSON.stringify(name)}, async () => { `
  return `${head}${begin}${source.slice(head.length)}\n})\n`
}
