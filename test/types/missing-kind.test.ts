import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const roots = [
  'steps/walk-on.ts',
  'definitions/read-catalog.ts',
  'definitions/preview.ts',
  'activities/deliver.ts',
  'testing/fixtures/trial-kind/kind.ts',
]

/** The files of the project that do not compile once some are replaced by other texts. */
function notCompiling(replaced: Record<string, string>): string[] {
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8'))
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const host = ts.createCompilerHost({ ...options, noEmit: true })
  const texts = new Map(Object.entries(replaced).map(([file, text]) => [path.join(root, file), text]))
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = texts.get(path.normalize(file))
    return text === undefined
      ? getSourceFile(file, languageVersion, ...rest)
      : ts.createSourceFile(file, text, languageVersion, true)
  }
  const program = ts.createProgram(
    roots.map((file) => path.join(root, file)),
    { ...options, noEmit: true },
    host,
  )
  const found = ts.getPreEmitDiagnostics(program).map(({ file }) => path.relative(root, file?.fileName ?? ''))
  return [...new Set(found)].sort()
}

/** Fails where the text that is to be replaced is not there any more. */
function replace(file: string, from: string, to: string): string {
  const text = read(file)
  assert.ok(text.includes(from), `${file} holds no "${from}"`)
  return text.replace(from, to)
}

const KIND = 'testing/fixtures/trial-kind/kind.ts'
/** A kind's folder as `steps/<kind>/` would be: it adds its compiled form to those there are. */
const withTrial = `${read(KIND)}
declare module '../../../definitions/step.ts' {
  interface Steps {
    trial: TrialStep
  }
}
`

test('a kind of step that is missing in the registry does not compile, and the compiler names that place alone', () => {
  assert.deepEqual(notCompiling({ [KIND]: withTrial }), ['steps/registry.ts'])
})

test('its folder and a line in the registry are all that a new kind needs to compile', () => {
  const registry = replace('steps/registry.ts', '> } = {', '> } = {\n  trial: trialKind,').replace(
    'import',
    `import { trialKind } from '../${KIND}'\nimport`,
  )
  assert.deepEqual(notCompiling({ [KIND]: withTrial, 'steps/registry.ts': registry }), [])
})

test('a channel type that is not handled everywhere does not compile, and the compiler names each place', () => {
  const withFax =
    replace('definitions/step.ts', "'sms', 'push']", "'sms', 'push', 'fax']").replace(
      'export type ChannelStep =',
      "export type ChannelStep =\n  | (ChannelStepBase & { channelType: 'fax'; template: FaxTemplate })",
    ) + '\nexport interface FaxTemplate { pages: string[] }\n'
  const places = notCompiling({ 'definitions/step.ts': withFax })
  for (const place of ['channels/registry.ts', '../../channels/render-step.ts'])
    assert.ok(places.includes(place), `${place}: ${places.join()}`)
})
