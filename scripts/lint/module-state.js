const MUTATORS = new Set('set add delete clear push pop shift unshift splice sort reverse fill copyWithin'.split(' '))
/** Of Object and Reflect: they change what they are handed first. */
const CHANGERS = new Set('assign defineProperty defineProperties setPrototypeOf set deleteProperty'.split(' '))
/** Their names are followed. */
const COLLECTIONS = new Set(['Set', 'Map'])
/** What is assigned to by a pattern, or by a loop. */
const TARGETS = new Set(['ArrayPattern', 'RestElement', 'ForOfStatement', 'ForInStatement'])

/**
 * Nothing that stands at the top of a module is changed by its functions: all runs of a worker share the modules of workflow
 * code, and a replay would find another value. A name of the module is followed, not another name that it is given. What
 * is made to be changed is refused where it is made: static fields, instances, and functions called at the top.
 */
export const moduleState = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { changed: '{{ name }} is shared by all runs: what changes belongs into a run.' },
  },
  create(context) {
    const report = (node, name) => context.report({ node, messageId: 'changed', data: { name } })
    const isAtTop = (node) => context.sourceCode.getScope(node).variableScope.type === 'module'
    const atTop = (node) => {
      if (isAtTop(node)) report(node, 'What is made here')
    }
    return {
      NewExpression(node) {
        if (!COLLECTIONS.has(node.callee.name)) atTop(node)
      },
      'CallExpression[callee.type=/Function/]': atTop,
      'PropertyDefinition[static=true]': (node) => report(node, 'A static field'),
      StaticBlock: (node) => report(node, 'A static block'),
      'Program:exit'(program) {
        const top = context.sourceCode.getScope(program)
        const [scope] = top.childScopes.filter(({ type }) => type === 'module')
        const variables = [...(scope?.variables ?? []), top.set.get('globalThis')]
        for (const reference of variables.flatMap((variable) => variable?.references ?? [])) {
          const isWritten = reference.isWrite() && reference.init !== true
          const { identifier } = reference
          if (isWritten || changes(outermost(identifier))) report(identifier, identifier.name)
        }
      },
    }
  },
}

/** `state.a[0]` for the name `state`. */
function outermost(node) {
  let place = node
  for (;;) {
    const { parent } = place
    const goesIn = parent.type === 'MemberExpression' && parent.object === place
    const wraps =
      parent.type === 'TSNonNullExpression' || parent.type === 'TSAsExpression' || parent.type === 'ChainExpression'
    if (!goesIn && !wraps) return place
    place = parent
  }
}

function changes(place) {
  const { parent } = place
  if (parent.type === 'CallExpression' && parent.arguments[0] === place) return isChanger(parent.callee)
  if (place.type === 'Identifier') return false
  if (parent.type === 'AssignmentExpression' || TARGETS.has(parent.type)) return parent.right !== place
  if (parent.type === 'Property') return parent.parent.type === 'ObjectPattern' && parent.value === place
  if (parent.type === 'UpdateExpression') return true
  if (parent.type === 'UnaryExpression') return parent.operator === 'delete'
  const called = parent.type === 'CallExpression' && parent.callee === place
  return called && place.type === 'MemberExpression' && MUTATORS.has(place.property.name ?? place.property.value)
}

function isChanger({ object, property }) {
  return (object?.name === 'Object' || object?.name === 'Reflect') && CHANGERS.has(property.name)
}
