import pg from 'pg'
import ts from 'typescript'
import type { DescribedColumn } from './described.ts'

type Kind = 'boolean' | 'number' | 'string' | 'json' | 'numbers' | 'strings'

const { builtins } = pg.types
/** What `query` makes of a type of Postgres. Timestamps and `numeric` stay text. */
const kinds = new Map<number, Kind>([
  [builtins.BOOL, 'boolean'],
  ...[builtins.INT2, builtins.INT4, builtins.INT8, builtins.OID, builtins.FLOAT4, builtins.FLOAT8].map(
    (id) => [id, 'number'] as const,
  ),
  ...[builtins.TEXT, builtins.VARCHAR, builtins.UUID, builtins.NUMERIC, 19, builtins.TIMESTAMPTZ].map(
    (id) => [id, 'string'] as const,
  ),
  [builtins.JSON, 'json'],
  [builtins.JSONB, 'json'],
  [1007, 'numbers'],
  [1009, 'strings'],
])

/** In what a row's declared type differs from what the database answers, in words; nothing: they agree. */
export function differences(
  checker: ts.TypeChecker,
  row: ts.Type,
  described: readonly DescribedColumn[],
  labels: ReadonlyMap<number, readonly string[]>,
): string[] {
  const declared = new Map(checker.getPropertiesOfType(row).map((property) => [property.name, property]))
  const found = new Set(described.map(({ name }) => name))
  const missing = [...declared.values()].filter(
    ({ name, flags }) => !found.has(name) && (flags & ts.SymbolFlags.Optional) === 0,
  )
  return [
    ...missing.map(({ name }) => `"${name}" is declared, and the statement answers no such column`),
    ...described.flatMap((column) => {
      const property = declared.get(column.name)
      if (property === undefined) return [`the statement answers "${column.name}", which is not declared`]
      const given = checker.getTypeOfSymbol(property)
      const types = given.isUnion() ? given.types : [given]
      const wrong = types.filter((type) => !isNothing(type) && !fits(checker, type, column, labels))
      const isNullDeclared = types.some((type) => (type.flags & (ts.TypeFlags.Null | ts.TypeFlags.Unknown)) !== 0)
      return [
        ...(wrong.length === 0 ? [] : [`"${column.name}" is declared as ${checker.typeToString(given)}`]),
        ...(column.isNullable && !isNullDeclared ? [`"${column.name}" may be null`] : []),
      ]
    }),
  ]
}

function isNothing({ flags }: ts.Type): boolean {
  return (flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) !== 0
}

function fits(
  checker: ts.TypeChecker,
  type: ts.Type,
  { typeId }: DescribedColumn,
  labels: ReadonlyMap<number, readonly string[]>,
): boolean {
  const ofEnum = labels.get(typeId)
  if (ofEnum !== undefined) {
    return type.isStringLiteral() ? ofEnum.includes(type.value) : (type.flags & ts.TypeFlags.String) !== 0
  }
  const kind = kinds.get(typeId)
  if (kind === 'json') return true
  if (kind === 'boolean') return (type.flags & ts.TypeFlags.BooleanLike) !== 0
  if (kind === 'number') return (type.flags & ts.TypeFlags.NumberLike) !== 0
  if (kind === 'string') return (type.flags & ts.TypeFlags.StringLike) !== 0
  if (kind === undefined || !checker.isArrayType(type)) return false
  const [element] = checker.getTypeArguments(type as ts.TypeReference)
  return (element!.flags & (kind === 'numbers' ? ts.TypeFlags.NumberLike : ts.TypeFlags.StringLike)) !== 0
}
