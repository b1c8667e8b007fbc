import ts from 'typescript'

/** What names stand for inside a function that was entered with these arguments. */
type Bound = ReadonlyMap<ts.Symbol, Value>

interface Value {
  node: ts.Expression
  bound: Bound
}

/** Which side of a `?:` is taken: a statement is written out twice. */
export type Branch = 'first' | 'second'

/** The source says the statement in a way that `StatementText` does not follow. */
class Unreadable extends Error {
  constructor(node: ts.Node, why: string) {
    const file = node.getSourceFile()
    const { line } = file.getLineAndCharacterOfPosition(node.getStart())
    super(`${file.fileName}:${line + 1}: ${node.getText().slice(0, 60)}: ${why}`)
  }
}

const none: Bound = new Map()
const MOST_DEEP = 60

/**
 * Writes a statement out from its source, as it would be sent: fragments of SQL are followed through constants, functions
 * and parameters to their text; everything else is a parameter, `$1` and so on.
 */
export class StatementText {
  readonly #checker: ts.TypeChecker
  readonly #calls: ReadonlyMap<ts.Node, ts.CallExpression>
  readonly #branch: Branch
  #parameters = 0
  #depth = 0

  /** `calls`: by a function's declaration, one of its calls; it gives the fragments that a caller hands over. */
  constructor(checker: ts.TypeChecker, calls: ReadonlyMap<ts.Node, ts.CallExpression>, branch: Branch) {
    this.#checker = checker
    this.#calls = calls
    this.#branch = branch
  }

  /** Throws `Unreadable`. */
  of(statement: ts.Expression): string {
    return this.#fragment({ node: statement, bound: none })
  }

  #fragment({ node: given, bound }: Value): string {
    const node = bare(given)
    this.#depth += 1
    if (this.#depth > MOST_DEEP) throw new Unreadable(node, 'it leads in a circle')
    try {
      return this.#written(node, bound)
    } finally {
      this.#depth -= 1
    }
  }

  #written(node: ts.Expression, bound: Bound): string {
    if (ts.isTaggedTemplateExpression(node)) {
      return this.#template(node.template, (each) => this.#filled({ node: each, bound }))
    }
    if (ts.isConditionalExpression(node)) return this.#fragment({ node: this.#taken(node), bound })
    if (ts.isCallExpression(node)) return this.#called(node, bound)
    if (ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      return this.#fragment(this.#meant(node, bound))
    }
    throw new Unreadable(node, 'this is no fragment of SQL')
  }

  #template(template: ts.TemplateLiteral, fill: (node: ts.Expression) => string): string {
    if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text
    return template.templateSpans.reduce(
      (text, span) => text + fill(span.expression) + span.literal.text,
      template.head.text,
    )
  }

  /** A fragment's text, or a parameter. */
  #filled(value: Value): string {
    if (isFragment(this.#checker.getTypeAtLocation(value.node))) return this.#fragment(value)
    this.#parameters += 1
    return `$${this.#parameters}`
  }

  #called(call: ts.CallExpression, bound: Bound): string {
    const [first, second] = call.arguments
    const called = call.expression.getText()
    if (called === 'sql.raw') return this.#plain({ node: first!, bound })
    if (called === 'sql.identifier') return `"${this.#plain({ node: first!, bound })}"`
    if (called === 'sql.param') {
      this.#parameters += 1
      return `$${this.#parameters}`
    }
    if (called === 'sql.join') return this.#joined({ node: first!, bound }, this.#written(second!, bound))
    if (called === 'named' || called === 'prepared') return this.#fragment({ node: second!, bound })
    return this.#fragment(this.#returned(call, bound))
  }

  /** Conditions that are there only for some callers are left out. */
  #joined(list: Value, between: string): string {
    const texts = this.#members(list).flatMap((each) => {
      const isOptional = this.#checker.getTypeAtLocation(each.node).isUnion()
      return isOptional ? [] : [this.#filled(each)]
    })
    return texts.length === 0 ? 'true' : texts.join(between)
  }

  /** What a call answers, with the function's parameters bound to the call's arguments. */
  #returned(call: ts.CallExpression, bound: Bound): Value {
    const declaration = this.#checker.getResolvedSignature(call)?.declaration
    const body = declaration !== undefined && 'body' in declaration ? declaration.body : undefined
    if (declaration === undefined || body === undefined) throw new Unreadable(call, 'the function cannot be followed')
    const inside = new Map(bound)
    declaration.parameters.forEach((parameter, i) => {
      const given = call.arguments[i] ?? ('initializer' in parameter ? parameter.initializer : undefined)
      const symbol = ts.isIdentifier(parameter.name) ? this.#checker.getSymbolAtLocation(parameter.name) : undefined
      if (given !== undefined && symbol !== undefined) inside.set(symbol, { node: given, bound })
      if (!ts.isObjectBindingPattern(parameter.name) || given === undefined) return
      if (!ts.isObjectLiteralExpression(given)) return
      for (const { name } of parameter.name.elements) {
        const member = given.properties.find((each) => each.name?.getText() === name.getText())
        const taken = this.#checker.getSymbolAtLocation(name)
        if (taken !== undefined && member !== undefined && ts.isPropertyAssignment(member))
          inside.set(taken, { node: member.initializer, bound })
      }
    })
    if (!ts.isBlock(body)) return { node: body, bound: inside }
    const answers = returnsOf(body)
    const answer = this.#branch === 'first' ? answers[0] : answers.at(-1)
    if (answer === undefined) throw new Unreadable(call, 'the function answers nothing')
    return { node: answer, bound: inside }
  }

  /** The members of a list. What is spread into it is left out: conditions that are there only for some callers. */
  #members({ node: given, bound }: Value): Value[] {
    const node = bare(given)
    if (ts.isArrayLiteralExpression(node)) {
      return node.elements.filter((each) => !ts.isSpreadElement(each)).map((each) => ({ node: each, bound }))
    }
    if (ts.isConditionalExpression(node)) return this.#members({ node: this.#taken(node), bound })
    if (!ts.isCallExpression(node)) return this.#members(this.#meant(node, bound))
    const method = ts.isPropertyAccessExpression(node.expression) ? node.expression : undefined
    const [how] = node.arguments
    if (method === undefined || how === undefined || !ts.isArrowFunction(how)) {
      return this.#members(this.#returned(node, bound))
    }
    const members = this.#members({ node: method.expression, bound })
    if (method.name.text === 'filter') return members
    const [member, index] = how.parameters.map(({ name }) => this.#checker.getSymbolAtLocation(name))
    const body = ts.isBlock(how.body) ? returnsOf(how.body).at(-1)! : how.body
    return members.map((each, i) => {
      const inside = new Map(bound)
      if (member !== undefined) inside.set(member, each)
      if (index !== undefined) inside.set(index, { node: ts.factory.createNumericLiteral(i), bound })
      return { node: body, bound: inside }
    })
  }

  /** The text of what is no fragment but becomes one: a column's name, say. */
  #plain({ node, bound }: Value): string {
    if (ts.isStringLiteral(node) || ts.isNumericLiteral(node)) return node.text
    if (ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      return this.#template(node, (each) => this.#plain({ node: each, bound }))
    }
    if (ts.isConditionalExpression(node)) return this.#plain({ node: this.#taken(node), bound })
    if (ts.isBinaryExpression(node)) {
      const [left, right] = [node.left, node.right].map((side) => Number(this.#plain({ node: side, bound })))
      if (node.operatorToken.kind === ts.SyntaxKind.MinusToken) return String(left! - right!)
    }
    const isJoin = ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)
    if (isJoin && node.expression.name.text === 'join') {
      const members = this.#members({ node: node.expression.expression, bound })
      return members.map((each) => this.#plain(each)).join(this.#plain({ node: node.arguments[0]!, bound }))
    }
    if (ts.isCallExpression(node)) return this.#plain(this.#returned(node, bound))
    try {
      return this.#plain(this.#meant(node, bound))
    } catch (error) {
      const literal = error instanceof Unreadable ? this.#literal(node) : undefined
      if (literal === undefined) throw error
      return literal
    }
  }

  /** Of a text that is one of a few: the first of them, or the last. */
  #literal(node: ts.Expression): string | undefined {
    const type = this.#checker.getTypeAtLocation(node)
    const types = (type.isUnion() ? type.types : [type]).filter((each) => each.isStringLiteral())
    return (this.#branch === 'first' ? types[0] : types.at(-1))?.value
  }

  /** A side of `?:`: where the condition asks which of a few texts something is, as `#literal` has it. */
  #taken({ condition, whenTrue, whenFalse }: ts.ConditionalExpression): ts.Expression {
    const { left, right } = condition as Partial<ts.BinaryExpression>
    const asked = left && right && ts.isStringLiteral(right) ? right.text : undefined
    const is = asked === undefined ? undefined : this.#literal(left!)
    const isFirst = is === undefined ? this.#branch === 'first' : is === asked
    return isFirst ? whenTrue : whenFalse
  }

  /** What a name stands for: an argument, a constant's value, a getter's answer, a member of a constant. */
  #meant(node: ts.Expression, bound: Bound): Value {
    if (ts.isElementAccessExpression(node)) {
      const object = this.#object({ node: node.expression, bound })
      const name = this.#literal(node.argumentExpression) ?? this.#plain({ node: node.argumentExpression, bound })
      return this.#member(object, name)
    }
    let symbol = this.#checker.getSymbolAtLocation(node)
    if (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0) {
      symbol = this.#checker.getAliasedSymbol(symbol)
    }
    const argument = symbol && bound.get(symbol)
    if (argument !== undefined) return argument
    const declaration = symbol?.valueDeclaration
    if (declaration === undefined) throw new Unreadable(node, 'nothing says what it is')
    if (ts.isVariableDeclaration(declaration) || ts.isPropertyAssignment(declaration)) {
      if (declaration.initializer === undefined) throw new Unreadable(node, 'it has no value at once')
      return { node: declaration.initializer, bound }
    }
    if (ts.isBindingElement(declaration) && ts.isVariableDeclaration(declaration.parent.parent)) {
      const from = declaration.parent.parent.initializer!
      return this.#member(this.#object({ node: from, bound }), declaration.name.getText())
    }
    if (ts.isGetAccessor(declaration) && declaration.body !== undefined) {
      return { node: returnsOf(declaration.body).at(-1)!, bound }
    }
    if (ts.isPropertySignature(declaration) && ts.isPropertyAccessExpression(node)) {
      return this.#member(this.#object({ node: node.expression, bound }), node.name.text)
    }
    if (ts.isParameter(declaration)) {
      const call = this.#calls.get(declaration.parent)
      const given = call?.arguments[declaration.parent.parameters.indexOf(declaration)]
      if (given !== undefined) return { node: given, bound: none }
    }
    throw new Unreadable(node, 'nothing says what it is')
  }

  #object({ node: given, bound }: Value): Value & { node: ts.ObjectLiteralExpression } {
    const node = bare(given)
    if (ts.isObjectLiteralExpression(node)) return { node, bound }
    if (ts.isConditionalExpression(node)) return this.#object({ node: this.#taken(node), bound })
    if (ts.isCallExpression(node)) return this.#object(this.#returned(node, bound))
    return this.#object(this.#meant(node, bound))
  }

  #member({ node, bound }: Value & { node: ts.ObjectLiteralExpression }, name: string): Value {
    const member = node.properties.find((each) => each.name?.getText() === name)
    if (member !== undefined && ts.isPropertyAssignment(member)) return { node: member.initializer, bound }
    if (member !== undefined && ts.isShorthandPropertyAssignment(member)) {
      const declaration = this.#checker.getShorthandAssignmentValueSymbol(member)?.valueDeclaration
      if (declaration !== undefined && ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined) {
        return { node: declaration.initializer, bound }
      }
    }
    throw new Unreadable(node, `nothing says what its ${name} is`)
  }
}

/** Without what only tells the compiler something. */
function bare(node: ts.Expression): ts.Expression {
  const isWrapped =
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node)
  return isWrapped ? bare(node.expression) : node
}

function isFragment(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some(isFragment)
  const name = type.getSymbol()?.getName()
  return name === 'SQL' || name === 'Name' || name === 'Param'
}

/** What a function's body returns, nested functions left out. */
function returnsOf(body: ts.Block): ts.Expression[] {
  const found: ts.Expression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression !== undefined) found.push(node.expression)
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit)
  }
  ts.forEachChild(body, visit)
  return found
}
