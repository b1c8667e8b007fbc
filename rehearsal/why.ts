import type { ComparisonExplanation, GroupExplanation } from '../conditions/explanation.ts'
import type { PreferenceRule } from '../preferences/decide.ts'
import type { JsonObject } from '../store/schema/index.ts'

/**
 * What was compared with what, a line a comparison; of preferences, which rule held the message back and how its conditions
 * came out; of a group, each of its channels with why it could not be used.
 */
export function whyOf(data: JsonObject | undefined): string[] {
  if (data === undefined) return []
  const lines = data['conditions'] == null ? [] : linesOf(data['conditions'] as unknown as GroupExplanation)
  if (data['blocked_by'] !== undefined) {
    const rules = (data['rules'] ?? []) as unknown as readonly PreferenceRule[]
    const { conditions } = rules.find(({ rule }) => rule === data['blocked_by']) ?? {}
    lines.push(`held back by ${JSON.stringify(data['blocked_by'])}`)
    if (conditions !== undefined) lines.push(...linesOf(conditions, 1))
  }
  const channels = (data['channels'] ?? []) as unknown as readonly (JsonObject & { channel: string; reason: string })[]
  for (const { channel, reason, ...rest } of channels)
    lines.push(`${channel}: ${reason}`, ...whyOf(rest).map((line) => `  ${line}`))
  return lines
}

function linesOf(group: GroupExplanation, depth = 0): string[] {
  const indent = '  '.repeat(depth)
  const head = group.conditions.length > 1 ? [`${indent}${group.match} of`] : []
  const inner = group.conditions.flatMap((each) =>
    'match' in each ? linesOf(each, depth + head.length) : [`${indent}${'  '.repeat(head.length)}${comparison(each)}`],
  )
  return [...head, ...inner, ...(group.omitted ? [`${indent}and ${group.omitted} more`] : [])]
}

function comparison(given: ComparisonExplanation): string {
  const { variable, operator, argument, value, result, problem } = given
  const shown = 'compared_with' in given ? JSON.stringify(given.compared_with) : (argument ?? '')
  const asked = [operator, shown].filter((part) => part !== '').join(' ')
  return `${variable} ${asked}: ${result ? 'yes' : 'no'}, it is ${JSON.stringify(value)}${problem === undefined ? '' : `; ${problem}`}`
}
