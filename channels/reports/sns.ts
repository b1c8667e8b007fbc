import { verify, X509Certificate } from 'node:crypto'
import { assertRecent, jsonIn, ReportRefused, textIn, type ReportRequest } from './report.ts'

/** A topic's address: its partition, region and owner stand in it. */
const ARN = /^arn:aws[a-z-]*:sns:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:[\w-]{1,256}(?:\.fifo)?$/

/** SNS tries a delivery again for an hour at most. */
const TOLERANCE_MS = 2 * 3_600_000

const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const

const DIGESTS: Partial<Record<string, string>> = { '1': 'sha1', '2': 'sha256' }

const CERTIFICATES = 20
/** By their addresses, which hold a digest: one address is one certificate. */
const certificates = new Map<string, X509Certificate>()

/** Of certificates and confirmations on their way at once: what somebody makes up must not become many requests. */
const MOST_AT_ONCE = 4
let asking = 0

/**
 * What Amazon SNS posts for a topic, once its signature is right:
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. The text of a notification; null for a
 * subscription, which is confirmed, and for the end of one. Certificates and confirmations are fetched from SNS of the
 * topic's own region alone. Throws ReportRefused.
 */
export async function snsNotification({ body, now, fetch }: ReportRequest, topicArn: string): Promise<string | null> {
  const region = ARN.exec(topicArn)?.[1]
  if (region === undefined) throw new ReportRefused('sns_topic_arn must be as arn:aws:sns:eu-west-1:123456789012:name')
  const message = jsonIn(body)
  const field = (name: string) => textIn(message, name)
  const type = field('Type')
  if (!isKnown(type)) throw new ReportRefused('the body is not what SNS posts: leave raw message delivery off')
  if (field('TopicArn') !== topicArn) throw new ReportRefused(`the topic is not ${topicArn}`)
  assertRecent(String(Date.parse(field('Timestamp')) / 1_000), now, TOLERANCE_MS)
  const digest = DIGESTS[field('SignatureVersion')]
  if (digest === undefined) throw new ReportRefused('SignatureVersion must be 1 or 2')
  const certificate = await certificateAt(snsUrl('SigningCertURL', field('SigningCertURL'), region), fetch)
  if (Date.parse(certificate.validFrom) > now || Date.parse(certificate.validTo) < now)
    throw new ReportRefused('the certificate is not valid now')
  const signed = SIGNED[type].flatMap((name) => (name === 'Subject' && field(name) === '' ? [] : [name, field(name)]))
  const text = Buffer.from(signed.map((line) => `${line}\n`).join(''))
  if (!verify(digest, text, certificate.publicKey, Buffer.from(field('Signature'), 'base64')))
    throw new ReportRefused('Signature is wrong')
  if (type === 'Notification') return field('Message')
  if (type === 'SubscriptionConfirmation') await got(snsUrl('SubscribeURL', field('SubscribeURL'), region), fetch)
  return null
}

function isKnown(type: string): type is keyof typeof SIGNED {
  return Object.hasOwn(SIGNED, type)
}

/** An address of SNS in the topic's region. Throws ReportRefused for any other. */
function snsUrl(name: string, text: string, region: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const hosts = [`sns.${region}.amazonaws.com`, `sns.${region}.amazonaws.com.cn`]
  const isOurs = url?.protocol === 'https:' && url.port === '' && url.username === '' && hosts.includes(url.hostname)
  if (url === undefined || !isOurs) throw new ReportRefused(`${name} is not an address of ${hosts[0]!}`)
  return url
}

async function certificateAt(url: URL, fetch: ReportRequest['fetch']): Promise<X509Certificate> {
  const known = certificates.get(url.href)
  if (known !== undefined) return known
  if (!/^\/[\w.-]{1,200}\.pem$/.test(url.pathname) || url.search !== '')
    throw new ReportRefused('SigningCertURL names no certificate')
  const pem = await got(url, fetch)
  try {
    const certificate = new X509Certificate(pem)
    if (certificates.size >= CERTIFICATES) certificates.clear()
    certificates.set(url.href, certificate)
    return certificate
  } catch {
    throw new ReportRefused('SigningCertURL holds no certificate')
  }
}

async function got(url: URL, fetch: ReportRequest['fetch']): Promise<string> {
  if (asking >= MOST_AT_ONCE) throw new ReportRefused('too many certificates are asked for at once')
  asking += 1
  try {
    const { status, body } = await fetch(url)
    if (status !== 200) throw new ReportRefused(`${url.hostname} answered ${status}`)
    return body
  } finally {
    asking -= 1
  }
}
