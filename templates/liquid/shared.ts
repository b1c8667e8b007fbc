import type { Liquid, Template } from 'liquidjs'
import { piecesOf } from '../liquid-pieces.ts'

/** The scope's own names of what is the trigger's, and so the same for each of its recipients. */
const OF_TRIGGER = new Set(['data', 'actor', 'tenant', 'vars', 'forloop'])
/** Of `workflow`, what belongs to the definition or the trigger. */
const OF_WORKFLOW = new Set(['id', 'key', 'name', 'categories', 'cancellation_key', 'run_id', 'workflow_run_id'])
/** Filters and tags whose result depends on their arguments alone. */
const PURE = new Set(
  (
    'abs append at_least at_most capitalize ceil compact concat currency date default divided_by downcase equals escape ' +
    'escape_once first floor format_number from_json from_markdown intersect join json last lstrip map minus modulo ' +
    'newline_to_br phrase_from_markdown plus pluralize prepend raw remove replace reverse round rounded_currency rstrip size slice sort split ' +
    'strip strip_html strip_newlines text_of_html times titlecase truncate truncatewords uniq upcase url_encode url_decode ' +
    'if elsif else endif unless endunless for endfor assign capture endcapture case when endcase address endaddress addressed endaddressed ' +
    'nonempty endnonempty tablerow endtablerow break continue echo'
  ).split(' '),
)

/** A root name that is computed, which may lead anywhere: a bracket behind what is no name, or behind a tag's own name. */
const COMPUTED_ROOT = /[^\w\]]\[|^\{%-?\s*\w+\[/

/**
 * Null: a rendering is one recipient's. Else the names that must not be the scope's own for the result to be shared by all
 * recipients of a trigger: a name of nobody is a field of `data`, and only what is listed here is the trigger's. `assigned` are
 * names that others may have set before.
 */
export function sharedUnless(
  liquid: Liquid,
  templates: Template[],
  source: string,
  assigned?: ReadonlySet<string>,
): string[] | null {
  if (piecesOf(source).some(({ start, end }) => COMPUTED_ROOT.test(source.slice(start, end)))) return null
  for (const [, name] of source.matchAll(/(?:\{%-?\s*|\|\s*)([a-z_]\w*)/g)) if (!PURE.has(name!)) return null
  const names: string[] = []
  try {
    // Of all names, be they assigned: a branch that is not taken assigns nothing, and behind `else` no loop has its own.
    for (const [root, field] of liquid.variableSegmentsSync(templates)) {
      if (typeof root !== 'string' || assigned?.has(root) === true) return null
      if (OF_TRIGGER.has(root)) continue
      if (root === 'workflow' && typeof field === 'string' && OF_WORKFLOW.has(field)) continue
      names.push(root)
    }
  } catch {
    return null
  }
  return [...new Set(names)]
}
