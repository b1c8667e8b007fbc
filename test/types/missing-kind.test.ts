import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { stepKinds } from '../../steps/registry.ts'
import { grown } from '../../testing/oracle/graphs/grow.ts'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const roots = [
  'steps/walk-on.ts',
  'definitions/read-catalog.ts',
  'definitions/preview.ts',
  'activities/deliver.ts',
  'metrics/scrape.ts',
  'rehearsal/content-text.ts',
  'rehearsal/recording-senders.ts',
  'resources/message-content.ts',
  'testing/oracle/graphs/graphs-hold.ts',
  'testing/fixtures/trial-kind/kind.ts',
  'testing/fixtures/trial-channel/type.ts',
]

/** Parsed once for all. */
const unchanged = new Map<string, ts.SourceFile>()

/** The files of the project, or those of them, that do not compile once some are replaced by other texts. */
function notCompiling(replaced: Record<string, string>, files?: readonly string[]): string[] {
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8'))
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const host = ts.createCompilerHost({ ...options, noEmit: true })
  const texts = new Map(Object.entries(replaced).map(([file, text]) => [path.join(root, file), text]))
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = texts.get(path.normalize(file))
    if (text !== undefined) return ts.createSourceFile(file, text, languageVersion, true)
    const parsed = unchanged.get(file) ?? getSourceFile(file, languageVersion, ...rest)
    if (parsed !== undefined) unchanged.set(file, parsed)
    return parsed
  }
  const program = ts.createProgram(
    roots.map((file) => path.join(root, file)),
    { ...options, noEmit: true },
    host,
  )
  const sources = files?.map((file) => program.getSourceFile(path.join(root, file))!)
  const diagnostics =
    sources?.flatMap((source) => ts.getPreEmitDiagnostics(program, source)) ?? ts.getPreEmitDiagnostics(program)
  const found = diagnostics.map(({ file }) => path.relative(root, file?.fileName ?? ''))
  return [...new Set(found)].sort()
}

/** Fails where the text that is to be replaced is not there any more. */
function replace(file: string, from: string, to: string): string {
  const text = read(file)
  assert.ok(text.includes(from), `${file} holds no "${from}"`)
  return text.replace(from, to)
}

const KIND = 'testing/fixtures/trial-kind/kind.ts'
const FAX = 'testing/fixtures/trial-channel/type.ts'
/** A kind's folder as `steps/<kind>/` would be: it adds its compiled form to those there are. */
const kind = `${read(KIND)}
declare module '../../../definitions/step.ts' {
  interface Steps {
    trial: TrialStep
  }
}
`
/** A channel type's folder as `channels/<type>/` would be. */
const fax = `import type { ChannelTypeEntry } from '../../../channels/channel-type.ts'
${replace(FAX, 'export const fax = {', "export const fax: ChannelTypeEntry<'fax'> = {")}
declare module '../../../definitions/channel-types.ts' {
  interface ChannelTypes {
    fax: { template: FaxTemplate; content: FaxContent }
  }
}
`
const folders = { [KIND]: kind, [FAX]: fax }
/** Both registries, with a line for each. */
const registries = {
  'steps/registry.ts': withLine('steps/registry.ts', 'trial: trialKind', `import { trialKind } from '../${KIND}'`),
  'channels/registry.ts': withLine('channels/registry.ts', 'fax', `import { fax } from '../${FAX}'`),
}

function withLine(registry: string, line: string, imported: string): string {
  return replace(registry, '> } = {', `> } = {\n  ${line},`).replace('import', `${imported}\nimport`)
}

test('its folder and a line in the registry are all that a new kind, or a new channel type, needs to compile', () => {
  assert.deepEqual(notCompiling({ ...folders, ...registries }), [])
})

test('what is missing in a registry, or lacks a part, does not compile, and the compiler names that place alone', () => {
  const parts = ['fallback', 'providers', 'sending', 'template', 'overrides', 'inferredFrom', 'render', 'preview']
  for (const part of [...parts, 'summary', 'resource']) assert.match(fax, new RegExp(`^  ${part}: `, 'm'))
  const lacking = fax.replace('  inferredFrom: { ref: /^fax/ },\n', '')
  assert.notEqual(lacking, fax)
  assert.deepEqual(notCompiling({ ...folders, [FAX]: lacking }), ['channels/registry.ts', 'steps/registry.ts', FAX])
})

test('the model makes up definitions of every kind of step', () => {
  const lacking = Object.keys(stepKinds).filter((kind) => !grown.includes(kind))
  assert.deepEqual(
    lacking,
    [],
    'add it to Parameters in testing/oracle/graphs/nodes.ts; the compiler asks for the rest',
  )
})

/** Of both folders and both registries: to look at these only is quick. */
const added = Object.keys({ ...folders, ...registries })

test('a kind that does not say whether its wait is moved, or that drops its conditions, does not compile', () => {
  const [silent, dropping] = [
    kind.replace('  movable: true,\n', ''),
    kind.replace('name: name ?? ref, conditions, seconds', 'name: name ?? ref, seconds'),
  ]
  for (const wrong of [silent, dropping]) {
    assert.notEqual(wrong, kind)
    assert.notDeepEqual(notCompiling({ ...folders, ...registries, [KIND]: wrong }, added), [])
  }
})

test('a kind that would act on the outside and has no act, or that has it and waits for something else, does not compile', () => {
  const wait = "{ kind: 'wait', due: now + seconds * 1_000, state: { [ref]: { word } } }"
  const acting = kind
    .replace('({ step }): StepResult =>', '({ step }) =>')
    .replace(wait, "{ kind: 'act' as const, ref, now, seconds, word }")
  const sleeping = kind.replace(
    '  movable: true,\n',
    "  movable: true,\n  act: () => Promise.resolve({ kind: 'go_on' as const }),\n",
  )
  for (const wrong of [acting, sleeping]) {
    assert.notEqual(wrong, kind)
    assert.notDeepEqual(notCompiling({ ...folders, ...registries, [KIND]: wrong }, added), [])
  }
})

test('a channel type whose messages are rows says so beside its content, or does not compile', () => {
  const without = fax.replace('sending: { reaches: faxNumber }', 'sending: null')
  assert.notEqual(without, fax)
  assert.notDeepEqual(notCompiling({ ...folders, ...registries, [FAX]: without }, added), [])
  const rows = without.replace('content: FaxContent }', 'content: FaxContent; isItsRow: true }')
  assert.deepEqual(notCompiling({ ...folders, ...registries, [FAX]: rows }, added), [])
})
