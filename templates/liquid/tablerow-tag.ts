import {
  TablerowTag,
  type Context,
  type Emitter,
  type Liquid,
  type Parser,
  type TagToken,
  type Template,
  type TopLevelToken,
} from 'liquidjs'
import { Output } from './output.ts'

/** The row and cell around what is repeated (table-rows.ts), with what styles wrote into them. */
const IN_A_ROW = /^\s*<tr\b([^<>]*)>\s*<td\b([^<>]*)>([\s\S]*)<\/td>\s*<\/tr>\s*$/

/**
 * `tablerow`: in HTML rows and cells with the classes `row1`, `col1`, … as in Liquid; in plain text a line for each row, with
 * bars between its cells.
 */
export function tablerowTag(kind: 'html' | 'text' | 'markdown_source') {
  return class extends TablerowTag {
    readonly #inner: Template[]

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
      super(token, rest, liquid, parser)
      this.#inner = this.templates
      this.templates = [new CellTemplate(token, this.#inner, liquid)]
    }

    override *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
      const rows = new Rows(context)
      yield* super.render(context, rows as never)
      emitter.write(kind === 'html' ? htmlOf(rows.rows) : textOf(rows.rows))
    }

    override *children(): Generator<unknown, Template[]> {
      yield undefined
      return this.#inner
    }
  }
}

class Cell {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Hands a cell over as a whole. `break` and `continue` in it are the loop's. */
class CellTemplate implements Template {
  readonly token: TagToken
  readonly #inner: Template[]
  readonly #liquid: Liquid

  constructor(token: TagToken, inner: Template[], liquid: Liquid) {
    this.token = token
    this.#inner = inner
    this.#liquid = liquid
  }

  *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const rows = emitter as unknown as Rows
    if (rows.isOver) return
    const output = new Output()
    yield this.#liquid.renderer.renderTemplates(this.#inner, context, output)
    rows.write(new Cell(output.buffer))
    rows.isOver = context.breakCalled
    context.breakCalled = false
    context.continueCalled = false
  }
}

/** Gathers cells by row, of what liquidjs writes. */
class Rows {
  readonly rows: string[][] = []
  /** Nothing follows. */
  isOver = false
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  write(piece: unknown): void {
    if (piece instanceof Cell) {
      this.#context.memoryLimit.use(piece.text.length)
      this.rows.at(-1)!.push(piece.text)
    } else if (!this.isOver && String(piece).startsWith('<tr')) this.rows.push([])
  }
}

function htmlOf(rows: string[][]): string {
  const lines = rows.map((cells, row) => {
    const found = cells.map((cell) => IN_A_ROW.exec(cell) ?? ['', '', '', cell])
    const inner = found.map(([, , ofCell, cell], column) => `<td class="col${column + 1}"${ofCell}>${cell}</td>`)
    return `<tr class="row${row + 1}"${found[0]?.[1] ?? ''}>${inner.join('')}</tr>`
  })
  return lines.join('')
}

function textOf(rows: string[][]): string {
  const lines = rows.map((cells) => cells.map((cell) => cell.trim()).join(' | '))
  const isBlock = rows[0]?.[0]?.startsWith('\n') === true
  return (isBlock ? '\n' : '') + lines.join('\n')
}
