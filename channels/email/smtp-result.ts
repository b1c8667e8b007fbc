import { connectionWords } from '../connection-words.ts'
import { oneLine, type SendResult } from '../sender.ts'
import type { SmtpError } from './smtp-session.ts'

/**
 * Replies that speak of the session, not of the message: out of order, and the ways to say that our login is missing or
 * wrong. Like a refused login itself they are tried again: an operator mends them, and the message is as good as before.
 */
const ABOUT_THE_SESSION = new Set([503, 530, 534, 535, 538])

/** A server that says nothing may wait for TLS to begin. */
const GREETING_HINT: Partial<Record<string, string>> = {
  'Greeting never received': 'the server sent no greeting; a port with TLS from the start, such as 465, needs smtps://',
}

/**
 * How a try that failed ended. A 4xx reply says that the server did not take the message, whatever stage it answers; a 5xx
 * reply to MAIL, RCPT, DATA or the content refuses it for good. Without a reply the stage decides: once the content has
 * been handed over, whether the server took it is unknown (RFC 5321 4.5.3.2.6).
 */
export function resultOf(error: unknown, handedOver: boolean): SendResult {
  const { code, responseCode, response, message, cause } = error as SmtpError
  const words = cause instanceof Error ? `${message}: ${cause.message}` : message
  const reason = oneLine(response ?? GREETING_HINT[message] ?? connectionWords(words))
  const aboutMessage = code === 'EENVELOPE' || code === 'EMESSAGE'
  if (responseCode === undefined) {
    if (handedOver) return { kind: 'unknown', reason, repeatable: false }
    // Without any reply the message was refused on this side, against what the server had announced (its size). One
    // without a code refuses nothing.
    return { kind: aboutMessage && response === undefined ? 'refused' : 'not_taken', reason }
  }
  const permanent = aboutMessage && responseCode >= 500 && !ABOUT_THE_SESSION.has(responseCode)
  if (permanent) return { kind: 'refused', reason }
  return { kind: 'not_taken', reason }
}
