import {
  engagements,
  statusOrder,
  type Argument,
  type DeliveryStatus,
  type Engagement,
  type MessageStatus,
  type Operator,
  type StatusName,
  type StatusPath,
} from './conditions.ts'

/** A message as conditions see it. */
export interface MessageState {
  delivery: DeliveryStatus
  engagements: readonly Engagement[]
}

/** What became of a step: skipped, or the messages it made; neither if the run has not come by it. */
export interface StepState {
  skipped?: boolean
  messages?: readonly MessageState[]
  /** What the step left for later ones, such as `matched` of a wait. */
  output?: Readonly<Record<string, unknown>>
}

const ranks = new Map<string, number>(statusOrder.flatMap((names, rank) => names.map((name) => [name, rank])))
const rankOf = (status: string) => ranks.get(status) ?? -1

/** The highest status of a message in the one order, delivery and engagement together. */
function highestStatus(message: MessageState): MessageStatus {
  const reached: MessageStatus[] = [message.delivery, ...message.engagements]
  return reached.reduce((highest, status) => (rankOf(status) > rankOf(highest) ? status : highest))
}

/** Of several messages of one step the highest counts. */
export function highestMessage(step: StepState | undefined): MessageState | null {
  const messages = step?.messages ?? []
  const [first] = messages
  if (first === undefined) return null
  return messages.reduce(
    (best, next) => (rankOf(highestStatus(next)) > rankOf(highestStatus(best)) ? next : best),
    first,
  )
}

/** What a status path has for a step: a status, the engagements, "skipped", or "" where there is no message. */
export function statusValue(of: StatusPath, step: StepState | undefined): string | Engagement[] {
  const message = highestMessage(step)
  if (of === 'engagement_status') return message === null ? [] : engagementsOf(message)
  if (message === null) return step?.skipped === true ? 'skipped' : ''
  return of === 'status' ? highestStatus(message) : message.delivery
}

/**
 * Answers an operator for the messages of a step. A step without a message, skipped or not yet reached, is below every
 * status and has no engagement: it answers true to `less_than`, `not_equal_to` and `not_contains` of a status.
 */
export function compareStatus(
  operator: Operator,
  of: StatusPath,
  step: StepState | undefined,
  argument: Argument,
): boolean {
  const wanted = argument.kind === 'list' ? argument.items.flatMap(nameOf) : nameOf(argument)
  const message = highestMessage(step)
  const has = (name: StatusName) => message !== null && contains(message, name)
  if (operator === 'contains') return wanted.some(has)
  if (operator === 'not_contains') return !wanted.some(has)
  if (operator === 'contains_all') return wanted.every(has)
  if (operator === 'not_contains_all') return !wanted.every(has)
  const [name] = wanted
  if (name === undefined) return false
  if (name === 'skipped') return (message === null && step?.skipped === true) === (operator === 'equal_to')
  const rank = rankOf(name)
  // Asked for an engagement, the older and the newer path compare in the one order.
  const whole = of === 'status' || engagements.some((engagement) => engagement === name)
  const reached = message === null ? -1 : rankOf(whole ? highestStatus(message) : message.delivery)
  switch (operator) {
    case 'equal_to':
      return reached === rank
    case 'not_equal_to':
      return reached !== rank
    case 'greater_than':
      return reached > rank
    case 'greater_than_or_equal_to':
      return reached >= rank
    case 'less_than':
      return reached < rank
    case 'less_than_or_equal_to':
      return reached <= rank
    default:
      return false
  }
}

function nameOf(argument: Argument): StatusName[] {
  return argument.kind === 'message' ? [argument.status] : []
}

function engagementsOf(message: MessageState): Engagement[] {
  return engagements.filter((name) => message.engagements.includes(name))
}

function contains({ delivery, engagements: reached }: MessageState, name: StatusName): boolean {
  if (name === 'seen_not_read') return reached.includes('seen') && !reached.includes('read')
  if (name === 'read_not_link_clicked') return reached.includes('read') && !reached.includes('link_clicked')
  // Who read a message has seen it, even if only the reading was recorded, as of an e-mail.
  if (name === 'seen' && reached.includes('read')) return true
  return delivery === name || reached.some((engagement) => engagement === name)
}
