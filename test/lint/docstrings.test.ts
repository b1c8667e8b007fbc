import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { sourceFiles } from '../../scripts/lint/imports.js'

const root = join(import.meta.dirname, '../..')
/** Helpers of tests and tools speak for themselves. */
const OURS = /^(?!test\/|testing\/|bench\/|scripts\/)[a-z]+\//

/** Functions and classes that a file exports, without a word on what they guarantee; of overloads the first has it. */
function undocumented(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const seen = new Set<string>()
  return source.statements.flatMap((statement) => {
    const name = functionIn(statement)
    if (name === undefined || seen.has(name)) return []
    seen.add(name)
    return ts.getJSDocCommentsAndTags(statement).length > 0 ? [] : [`${path} ${name}`]
  })
}

function functionIn(statement: ts.Statement): string | undefined {
  if (!ts.canHaveModifiers(statement)) return undefined
  if (ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true) return undefined
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return statement.name?.text
  if (!ts.isVariableStatement(statement)) return undefined
  return statement.declarationList.declarations
    .find(({ initializer }) => initializer !== undefined && ts.isArrowFunction(initializer))
    ?.name.getText()
}

test('every exported function says what it guarantees', () => {
  const files = sourceFiles(root).filter((path) => OURS.test(path))
  assert.ok(files.length > 300)
  assert.deepEqual(
    files.flatMap((path) => undocumented(path, readFileSync(join(root, path), 'utf8'))),
    [],
  )
})

test('an exported function without a docstring is named, by its name', () => {
  const text =
    '/** Is told. */\nexport const told = () => 1\nexport function silent() {}\nexport const value = 1\nfunction own() {}'
  assert.deepEqual(undocumented('a.ts', text), ['a.ts silent'])
})
