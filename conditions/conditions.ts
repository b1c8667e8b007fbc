/** A value as JSON has it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** What a file's conditions are compiled to: plain JSON, kept with the definition. Without a condition: null. */
export interface ConditionGroup {
  match: 'all' | 'any'
  /** Never empty. */
  conditions: ConditionNode[]
}
export type ConditionNode = ConditionGroup | Comparison

export interface Comparison {
  variable: Operand
  operator: Operator
  /** Null for an operator that takes none. */
  argument: Argument | null
}

/**
 * `path`: read from the scope, the root first. `status`: what became of the messages of a step. `value`: as it stands in
 * the file, JSON decoded; `text` is the scalar as it was written, where decoding changed it.
 */
export type Operand =
  | { kind: 'path'; path: string[] }
  | { kind: 'status'; ref: string; of: StatusPath }
  | { kind: 'value'; value: Json; text?: string }

/**
 * `message`: `$message.seen`. `relative`: so many milliseconds from now, negative for the past. `liquid`: a template that
 * gives the value. `list`: the two ends of a between.
 */
export type Argument =
  | Operand
  | { kind: 'message'; status: StatusName }
  | { kind: 'relative'; ms: number }
  | { kind: 'liquid'; template: string }
  | { kind: 'list'; items: Argument[] }

/** `status` is the older path: delivery and engagement in one order. */
export const statusPaths = ['status', 'delivery_status', 'engagement_status'] as const
export type StatusPath = (typeof statusPaths)[number]

/** From lowest to highest. `interacted` and `link_clicked` are of one rank. */
export const statusOrder = [
  ['undelivered'],
  ['bounced'],
  ['delivery_attempted'],
  ['queued'],
  ['not_sent'],
  ['sent'],
  ['delivered'],
  ['seen'],
  ['read'],
  ['interacted', 'link_clicked'],
  ['archived'],
] as const
export type MessageStatus = (typeof statusOrder)[number][number]
export type StatusName = MessageStatus | 'skipped' | 'seen_not_read' | 'read_not_link_clicked'

export const engagements = ['seen', 'read', 'interacted', 'link_clicked', 'archived'] as const
export type Engagement = (typeof engagements)[number]
export type DeliveryStatus = Exclude<MessageStatus, Engagement>

export const operators = [
  'equal_to',
  'not_equal_to',
  'greater_than',
  'greater_than_or_equal_to',
  'less_than',
  'less_than_or_equal_to',
  'contains',
  'not_contains',
  'contains_all',
  'not_contains_all',
  'empty',
  'not_empty',
  'exists',
  'not_exists',
  'is_between',
  'is_timestamp',
  'is_not_timestamp',
  'is_timestamp_before',
  'is_timestamp_after',
  'is_timestamp_on_or_after',
  'is_timestamp_between',
  'is_timestamp_before_now',
  'is_timestamp_on_or_after_now',
] as const
export type Operator = (typeof operators)[number]

/** Names by which older files call an operator. */
export const operatorAliases: Readonly<Record<string, Operator>> = {
  is_timestamp_before_date: 'is_timestamp_before',
  is_timestamp_on_or_after_date: 'is_timestamp_on_or_after',
}

/** The operators that look at the variable alone. */
export const withoutArgument: ReadonlySet<Operator> = new Set<Operator>([
  'empty',
  'not_empty',
  'exists',
  'not_exists',
  'is_timestamp',
  'is_not_timestamp',
  'is_timestamp_before_now',
  'is_timestamp_on_or_after_now',
])
