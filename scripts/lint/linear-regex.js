import { checkSync } from 'recheck'

const LIMITS = {
  /** Milliseconds for one pattern, on a busy machine too; one that takes longer is not known to be linear, and is refused. */
  timeout: 60_000,
  // What it tries out is bounded by the characters it reads alone: a busy machine would make a pattern slow.
  attackTimeout: null,
  incubationTimeout: null,
  seedingTimeout: null,
}
/** Of this process: most patterns stand in one place, but a lint with caches asks again. */
const known = new Map()

/** What is wrong with a pattern: null, or how its time grows with the text. */
function faultOf(source, flags) {
  const key = `/${source}/${flags}`
  if (!known.has(key)) {
    const { status, complexity } = checkSync(source, flags, LIMITS)
    known.set(key, status === 'safe' ? null : (complexity?.summary ?? 'unknown'))
  }
  return known.get(key)
}

/**
 * Every regular expression takes a time that grows with the text alone: texts of callers reach most of them. One that is
 * made at run time cannot be looked at here.
 */
export const linearRegex = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      slow: 'The time of {{ pattern }} grows as {{ complexity }} of the text: a long text of blanks, say, stops the process.',
      unseen: 'A pattern made at run time is not checked: take one of this file, or say here why it is linear.',
    },
  },
  create(context) {
    const report = (node, source, flags) => {
      const complexity = faultOf(source, flags)
      if (complexity !== null) {
        context.report({ node, messageId: 'slow', data: { pattern: `/${source}/${flags}`, complexity } })
      }
    }
    const made = (node) => {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'RegExp') return
      const [pattern, flags] = node.arguments.map(textOf)
      if (pattern === undefined) context.report({ node, messageId: 'unseen' })
      else report(node, pattern, flags ?? '')
    }
    return {
      'Literal[regex]': (node) => report(node, node.regex.pattern, node.regex.flags),
      NewExpression: made,
      CallExpression: made,
    }
  },
}

/** A text that stands in the code. */
function textOf(node) {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  return node.type === 'TemplateLiteral' && node.expressions.length === 0 ? node.quasis[0].value.cooked : undefined
}
