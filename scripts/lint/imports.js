// What the project's files import from each other and export, read by TypeScript's own parser.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.belay'])

/** Every TypeScript file below a folder, as paths from it, with "/" between their parts. */
export function sourceFiles(root, folder = '') {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sourceFiles(root, path)
    return /\.(ts|js|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : []
  })
}

/**
 * Reads one file. `imports` names each file of the project that it imports, and of it the names it takes ("*" for all);
 * `exports` are the names it declares for others, without what it passes on from elsewhere. Types of them are left out: they
 * describe what is exported; `types` are those that the file itself does not name again.
 */
export function readModule(root, path) {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true)
  const imports = []
  const exports = []
  const types = []
  const used = (specifier, names) => {
    if (specifier.startsWith('.')) imports.push({ to: normalize(join(dirname(path), specifier)), names })
  }
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) used(node.moduleSpecifier.text, namesOfImport(node.importClause))
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
      used(node.moduleSpecifier.text, namesOf(node.exportClause))
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      node.arguments.filter(ts.isStringLiteral).forEach(({ text }) => used(text, ['*']))
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) used(node.argument.literal.text, ['*'])
    else if (ts.isNewExpression(node) && node.expression.getText() === 'URL')
      node.arguments
        ?.slice(0, 1)
        .filter(ts.isStringLiteral)
        .forEach(({ text }) => used(text, ['*']))
    ts.forEachChild(node, visit)
  }
  visit(source)
  for (const statement of source.statements) {
    if (!ts.canHaveModifiers(statement)) continue
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue
    if (ts.isVariableStatement(statement))
      exports.push(...statement.declarationList.declarations.flatMap(({ name }) => boundNames(name)))
    else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      if (!isNamedAgain(source, statement.name)) types.push(statement.name.text)
    } else if (statement.name !== undefined) exports.push(statement.name.text)
  }
  return { path, imports, exports, types }
}

function isNamedAgain(source, name) {
  const names = (node) =>
    (ts.isIdentifier(node) && node !== name && node.text === name.text) || ts.forEachChild(node, names) === true
  return names(source)
}

function namesOfImport(clause) {
  if (clause === undefined) return []
  return [
    ...(clause.name === undefined ? [] : ['default']),
    ...(clause.namedBindings ? namesOf(clause.namedBindings) : []),
  ]
}

function namesOf(bindings) {
  if (bindings === undefined || !('elements' in bindings)) return ['*']
  return bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
}

function boundNames(name) {
  return ts.isIdentifier(name) ? [name.text] : name.elements.flatMap((element) => boundNames(element.name))
}
