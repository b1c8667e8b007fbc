// Part of `npm run lint`: floors, cycles and exports that nothing uses. Prints what is wrong, and ends with 1.
import { fileURLToPath } from 'node:url'
import { readModule, sourceFiles } from './imports.js'
import { allowed, roomOf } from './rooms.js'
import { onlyTested } from './only-tested.js'

/** Whole folders that nothing else imports from: what they export is for their own files, or for users. */
const ENDS = ['test/', 'scripts/', 'bench/', 'client/']
const FOR_TESTS = ['test/', 'testing/']

/** Everything wrong below a folder, a sentence each. */
export function checkImports(root, exceptions = { allowed, onlyTested }) {
  const modules = new Map(
    sourceFiles(root)
      .filter((path) => path.includes('/'))
      .map((path) => [path, readModule(root, path)]),
  )
  return [
    ...floorFaults(modules, exceptions.allowed),
    ...cycles(modules),
    ...unusedExports(modules, exceptions.onlyTested),
  ]
}

function floorFaults(modules, exceptions) {
  const faults = []
  const needed = new Set()
  for (const { path, imports } of modules.values()) {
    const own = roomOf(path)
    if (own.floor === -1) faults.push(`${path} stands in no room: add its folder to scripts/lint/rooms.js`)
    for (const { to } of imports) {
      const other = roomOf(to)
      if (!modules.has(to) || other.room === own.room || other.floor < own.floor) continue
      const exception = `${path} -> ${other.room}`
      if (exceptions.has(exception)) needed.add(exception)
      else faults.push(`${path} imports ${to}, but ${own.room} may not import ${other.room} (scripts/lint/rooms.js)`)
    }
  }
  for (const exception of exceptions.keys())
    if (!needed.has(exception)) faults.push(`${exception}: nothing needs this exception any more`)
  return faults
}

/**
 * Files that import each other in a circle (Tarjan's strongly connected components): of those that do, the shortest circle
 * through the first.
 */
function cycles(modules) {
  const faults = []
  const order = new Map()
  const lowest = new Map()
  const stack = []
  const visit = (path) => {
    order.set(path, order.size)
    lowest.set(path, order.get(path))
    stack.push(path)
    for (const { to } of modules.get(path).imports) {
      if (!modules.has(to)) continue
      if (!order.has(to)) visit(to)
      if (stack.includes(to)) lowest.set(path, Math.min(lowest.get(path), lowest.get(to)))
    }
    if (lowest.get(path) !== order.get(path)) return
    const circle = stack.splice(stack.indexOf(path))
    if (circle.length > 1)
      faults.push(`${shortestFrom(circle[0], circle, modules).join(', ')} import each other in a circle`)
  }
  for (const path of modules.keys()) if (!order.has(path)) visit(path)
  return faults
}

/** The fewest files of a component by which one is led back to itself. */
function shortestFrom(start, component, modules) {
  const ways = [[start]]
  const seen = new Set()
  for (const way of ways) {
    for (const { to } of modules.get(way.at(-1)).imports) {
      if (to === start) return way
      if (!component.includes(to) || seen.has(to)) continue
      seen.add(to)
      ways.push([...way, to])
    }
  }
  return component
}

/** Exported values that no other file imports, or that only tests do, and types that nothing names. */
function unusedExports(modules, exceptions) {
  const users = new Map()
  for (const { path, imports } of modules.values()) {
    for (const { to, names } of imports) {
      for (const name of names) users.set(`${to} ${name}`, [...(users.get(`${to} ${name}`) ?? []), path])
    }
  }
  const isOf = (folders) => (path) => folders.some((folder) => path.startsWith(folder))
  const faults = []
  for (const { path, exports, types } of modules.values()) {
    if (isOf(ENDS)(path)) continue
    for (const name of types) {
      if (!users.has(`${path} ${name}`) && !users.has(`${path} *`))
        faults.push(`${path} exports type ${name}, and nothing names it`)
    }
    for (const name of exports) {
      const by = [...(users.get(`${path} ${name}`) ?? []), ...(users.get(`${path} *`) ?? [])]
      const isForTests = isOf(FOR_TESTS)(path) && by.length > 0
      if (isForTests || !by.every(isOf(FOR_TESTS)) || exceptions.has(path) || exceptions.has(`${path} ${name}`))
        continue
      const importers = by.length === 0 ? 'nothing imports it' : 'only tests import it'
      faults.push(`${path} exports ${name}, and ${importers} (scripts/lint/only-tested.js)`)
    }
  }
  return faults
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const faults = checkImports(root)
  for (const fault of faults) console.error(fault)
  process.exitCode = faults.length === 0 ? 0 : 1
}
