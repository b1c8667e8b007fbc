import type { JsonPath } from './source.ts'

/** Fields of a workflow, a layout or a partial that hold a list or an object, or any JSON there is. */
const structured = new Set([
  ...['steps', 'categories', 'tags', 'settings', 'conditions', 'trigger_data_json_schema', '__readonly'],
  ...['branches', 'cohort_branches', 'template', 'channel_overrides', 'send_windows', 'event', 'match_conditions'],
  ...['delay_for', 'batch_window', 'batch_window_extension_limit', 'throttle_window', 'expires_after', 'look_back'],
  ...['days', 'all', 'any', 'argument', 'action_buttons', 'visual_blocks', 'buttons', 'columns', 'blocks', 'attrs'],
  ...['layout_attrs', 'style_attrs', 'size_attrs', 'footer_links', 'branding_overrides', 'input_schema', 'default'],
])
/** They take a list, or a text that Liquid makes an object. */
const either = new Set(['headers', 'query_params'])

/**
 * Whether a `.json` file that stands for a field of a workflow, a layout or a partial is read as JSON. A file of any other
 * field is its text, as in Knock: with Liquid in it, it need not be JSON before it is rendered.
 */
export function holdsJson(at: JsonPath, text: string): boolean {
  if (at.length === 0 || at[0] === 'trigger_data_json_schema') return true
  const field = String(at.at(-1))
  return structured.has(field) || (either.has(field) && /^\s*\[/.test(text))
}
