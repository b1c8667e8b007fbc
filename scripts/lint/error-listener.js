/** What these modules export makes an emitter that ends the process when it says `error` and nobody listens. */
const MAKERS = {
  'node:child_process': ['spawn', 'fork', 'execFile'],
  'node:net': ['connect', 'createConnection', 'createServer', 'Socket'],
  'node:tls': ['connect', 'createServer', 'TLSSocket'],
  'node:http': ['createServer', 'request', 'get'],
  'node:https': ['createServer', 'request', 'get'],
  'node:http2': ['connect', 'createServer', 'createSecureServer'],
  'node:fs': ['createReadStream', 'createWriteStream', 'watch'],
  'node:zlib': ['createGzip', 'createGunzip', 'createDeflate', 'createInflate', 'createBrotliCompress', 'createUnzip'],
  'node:dgram': ['createSocket'],
  'node:worker_threads': ['Worker'],
  'node:cluster': ['fork'],
  pg: ['Client', 'Pool'],
  nodemailer: ['createTransport'],
  'nodemailer/lib/smtp-connection': ['default'],
  'smtp-server': ['SMTPServer'],
  ws: ['WebSocket', 'WebSocketServer', 'default'],
  undici: ['WebSocket', 'EventSource'],
}

/**
 * Every emitter made here has an `error` listener in the function that makes it: by `.on('error', ...)` on the variable
 * it is kept in, or right on the expression.
 */
export const errorListener = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      missing: "What {{ maker }} makes ends the process by an `error` event: give it .on('error', ...) here.",
    },
  },
  create(context) {
    /** Local names of makers, and of modules that hold some. */
    const makers = new Map()
    const modules = new Map()

    function makerOf(callee) {
      if (callee.type === 'Identifier') return makers.get(callee.name)
      if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return undefined
      const names = modules.get(callee.object.name)
      return names?.includes(callee.property.name) ? `${callee.object.name}.${callee.property.name}` : undefined
    }

    function check(node) {
      const maker = makerOf(node.callee)
      if (maker === undefined || isListenedTo(node, context.sourceCode)) return
      context.report({ node, messageId: 'missing', data: { maker } })
    }

    return {
      ImportDeclaration({ source, specifiers }) {
        const names = MAKERS[source.value] ?? MAKERS[`node:${source.value}`]
        if (names === undefined) return
        for (const { type, imported, local } of specifiers) {
          if (type === 'ImportDefaultSpecifier' && names.includes('default')) makers.set(local.name, local.name)
          else if (type !== 'ImportSpecifier') modules.set(local.name, names)
          else if (names.includes(imported.name)) makers.set(local.name, imported.name)
        }
      },
      CallExpression: check,
      NewExpression: check,
    }
  },
}

function isListenedTo(made, sourceCode) {
  let node = made
  while (node.parent.type === 'MemberExpression' && node.parent.object === node) {
    if (isListener(node.parent)) return true
    node = node.parent.parent
  }
  while (['AwaitExpression', 'TSAsExpression', 'LogicalExpression'].includes(node.parent.type)) node = node.parent
  const { parent } = node
  if (parent.type !== 'VariableDeclarator' || parent.id.type !== 'Identifier') return false
  const [variable] = sourceCode.getDeclaredVariables(parent)
  return variable.references.some(({ identifier }) => {
    const member = identifier.parent
    return member.type === 'MemberExpression' && member.object === identifier && isListener(member)
  })
}

/** `.once` would leave a second error without a listener. */
function isListener({ property, parent }) {
  const [event] = parent.type === 'CallExpression' ? parent.arguments : []
  return ['on', 'addListener'].includes(property.name) && event?.type === 'Literal' && event.value === 'error'
}
