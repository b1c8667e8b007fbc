import { about, fieldIn, jsonIn, textIn, type Report, type ReportReader } from './report.ts'
import { snsNotification } from './sns.ts'

/**
 * Events of Amazon SES, published to an SNS topic:
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html; notifications of an identity have
 * the same form but for the name of the type.
 */
export const sesReports: ReportReader = {
  needs: ['sns_topic_arn'],
  async read(request, { sns_topic_arn: topic }) {
    const text = await snsNotification(request, topic!)
    // SES posts a line that is no JSON once, as a topic is chosen.
    if (text === null || !text.trimStart().startsWith('{')) return []
    const event = jsonIn(Buffer.from(text))
    const said = wordsOf(event)
    return said === null ? [] : [{ messageId: messageIdIn(fieldIn(event, 'mail')), ...said }]
  },
}

function wordsOf(event: unknown): Omit<Report, 'messageId'> | null {
  switch (textIn(event, 'eventType') || textIn(event, 'notificationType')) {
    case 'Delivery':
      return { status: 'delivered', reason: null, ...about(...texts(listIn(fieldIn(event, 'delivery'), 'recipients'))) }
    case 'Complaint':
      return { status: 'bounced', reason: 'reported as spam', ...aboutEach(event, 'complaint', 'complainedRecipients') }
    case 'Reject':
      return { status: 'undelivered', reason: `rejected by SES: ${textIn(event, 'reject', 'reason')}` }
    case 'Bounce': {
      const bounce = fieldIn(event, 'bounce')
      const [type, subType] = [textIn(bounce, 'bounceType'), textIn(bounce, 'bounceSubType')]
      // It may be an answer by software; SES goes on trying by itself.
      if (type === 'Transient' && subType === 'General') return null
      const [first] = listIn(bounce, 'bouncedRecipients')
      const reason = [`${type}/${subType}`, textIn(first, 'diagnosticCode')].filter(Boolean).join(': ')
      const status = type === 'Permanent' ? 'bounced' : 'undelivered'
      return { status, reason, ...aboutEach(event, 'bounce', 'bouncedRecipients') }
    }
    default:
      return null
  }
}

/** By our header, else by the tag that the channel sets with a configuration set: SES exchanges the Message-ID. */
function messageIdIn(mail: unknown): string {
  const own = listIn(mail, 'headers').find((each) => /^x-belay-message-id$/i.test(textIn(each, 'name')))
  const [tag] = listIn(fieldIn(mail, 'tags'), 'belay_message_id')
  return textIn(own, 'value') || (typeof tag === 'string' ? tag : '')
}

const aboutEach = (event: unknown, kind: string, list: string) =>
  about(...listIn(fieldIn(event, kind), list).map((each) => textIn(each, 'emailAddress')))

const texts = (list: readonly unknown[]) => list.filter((each) => typeof each === 'string')

function listIn(value: unknown, name: string): unknown[] {
  const list = fieldIn(value, name)
  return Array.isArray(list) ? list : []
}
