import { areAll, type Named } from './named.ts'

/** The scope's own names of what is the trigger's, and so the same for each of its recipients. */
const OF_TRIGGER = new Set(['data', 'actor', 'tenant', 'vars', 'forloop'])
/** Of `workflow`, what belongs to the definition or the trigger. */
const OF_WORKFLOW = new Set(['id', 'key', 'name', 'categories', 'cancellation_key', 'run_id', 'workflow_run_id'])
/** Filters whose result depends on their arguments alone. */
const PURE_FILTERS = new Set(
  (
    'abs append at_least at_most capitalize ceil compact concat currency date default divided_by downcase equals escape ' +
    'escape_once first floor format_number from_json from_markdown intersect join json last lstrip map minus modulo ' +
    'newline_to_br phrase_from_markdown plus pluralize prepend raw remove replace reverse round rounded_currency rstrip size slice sort split ' +
    'strip strip_html strip_newlines text_of_html times titlecase truncate truncatewords uniq upcase url_encode url_decode'
  ).split(' '),
)
/** Tags whose result depends on what they name and hold alone. */
const PURE_TAGS = new Set(
  'if unless for assign capture case address addressed nonempty tablerow break continue echo'.split(' '),
)

/**
 * Null: a rendering is one recipient's. Else the names that must not be the scope's own for the result to be shared by all
 * recipients of a trigger: a name of nobody is a field of `data`, and only what is listed here is the trigger's. `assigned` are
 * names that others may have set before.
 */
export function sharedUnless(named: Named, assigned?: ReadonlySet<string>): string[] | null {
  if (named.isComputed || !areAll(named.tags, PURE_TAGS) || !areAll(named.filters, PURE_FILTERS)) return null
  const names = new Set<string>()
  // Of all names, be they assigned: a branch that is not taken assigns nothing, and behind `else` no loop has its own.
  for (const [root, field] of named.roots) {
    if (assigned?.has(root) === true) return null
    if (OF_TRIGGER.has(root)) continue
    if (root === 'workflow' && field !== undefined && OF_WORKFLOW.has(field)) continue
    names.add(root)
  }
  return [...names]
}
