const MUTATORS = new Set('set add delete clear push pop shift unshift splice sort reverse fill copyWithin'.split(' '))

/**
 * Nothing that stands at the top of a module is changed by its functions: all runs of a worker share the modules of workflow
 * code, and a replay would find another value. A name of the module is followed, not what it is handed to.
 */
export const moduleState = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { changed: '{{ name }} is shared by all runs: what changes belongs into a run.' },
  },
  create(context) {
    return {
      'Program:exit'(program) {
        const [scope] = context.sourceCode.getScope(program).childScopes.filter(({ type }) => type === 'module')
        for (const variable of scope?.variables ?? []) {
          for (const { identifier, writeExpr, init } of variable.references) {
            const isWritten = writeExpr !== undefined && writeExpr !== null && init !== true
            if (isWritten || changes(outermost(identifier)))
              context.report({ node: identifier, messageId: 'changed', data: { name: variable.name } })
          }
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
  if (place.type === 'Identifier') return false
  if (parent.type === 'AssignmentExpression') return parent.left === place
  if (parent.type === 'UpdateExpression') return true
  if (parent.type === 'UnaryExpression') return parent.operator === 'delete'
  const called = parent.type === 'CallExpression' && parent.callee === place
  return called && place.type === 'MemberExpression' && MUTATORS.has(place.property.name)
}
