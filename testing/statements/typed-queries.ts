import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { StatementText } from './statement-text.ts'

/** A call of `query`: where it stands, what a row is believed to be, and its statement with either side of its `?:`. */
export interface TypedQuery {
  file: string
  row: ts.Type
  texts: string[]
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const rooms = ['store', 'rehearsal']
/** Its statements are about whatever table there is, and take its columns from the database. */
const leftOut = 'store/backup/tables.ts'

/** Every call of `query` whose rows somebody reads, and the checker that knows their types. Throws `Unreadable`. */
export function typedQueries(): { checker: ts.TypeChecker; queries: TypedQuery[] } {
  const files = rooms.flatMap(sourcesIn)
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as {
    config: { compilerOptions: object }
  }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const program = ts.createProgram(files, options)
  const checker = program.getTypeChecker()
  const sources = files.map((file) => program.getSourceFile(file)!)
  const calls = sources.flatMap(callsIn)
  const callers = new Map<ts.Node, ts.CallExpression>()
  for (const call of calls) {
    const { declaration } = checker.getResolvedSignature(call) ?? {}
    if (declaration !== undefined && !callers.has(declaration)) callers.set(declaration, call)
  }
  const queries = calls.flatMap((call) => {
    const statement = call.arguments[1]
    if (call.expression.getText() !== 'query' || statement === undefined) return []
    const row = rowOf(call, checker)
    if (row === undefined) return []
    const source = call.getSourceFile()
    const texts = (['first', 'second'] as const).map((side) => new StatementText(checker, callers, side).of(statement))
    return [{ file: relative(root, source.fileName), row, texts: [...new Set(texts)] }]
  })
  return { checker, queries }
}

function sourcesIn(room: string): string[] {
  const names = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
  return names
    .map((name) => join(room, name))
    .filter((name) => name.endsWith('.ts') && name !== leftOut)
    .map((name) => join(root, name))
}

function callsIn(source: ts.SourceFile): ts.CallExpression[] {
  const found: ts.CallExpression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The `Row` of a `Promise<Row[]>`; undefined where nothing is said of rows, as in a statement that only writes. */
function rowOf(call: ts.CallExpression, checker: ts.TypeChecker): ts.Type | undefined {
  const rows = checker.getTypeArguments(checker.getTypeAtLocation(call) as ts.TypeReference)[0]
  const row = rows && checker.getTypeArguments(rows as ts.TypeReference)[0]
  return row === undefined || (row.flags & ts.TypeFlags.Unknown) !== 0 ? undefined : row
}
