const MINUTE = 60_000

/** How long each stage of a session may last, in milliseconds. */
export interface SmtpLimits {
  /** For the TCP connection alone: a host that is not there. */
  connect: number
  /** For the greeting. */
  greeting: number
  /** For TLS, EHLO and the login together. */
  login: number
  /** For each reply to MAIL, RCPT and DATA, and for each block of content that the server is slow to read. */
  command: number
  /** For the answer to the final dot. */
  answer: number
  /** How long a connection without work is kept. */
  idle: number
  /** For the answer of a connection that rested to the question whether it is still there: a host that vanished says nothing. */
  probe: number
}

/** The times of RFC 5321 4.5.3.2. It gives the connection itself none. */
export const SMTP_LIMITS: SmtpLimits = {
  connect: 30_000,
  greeting: 5 * MINUTE,
  login: 5 * MINUTE,
  command: 5 * MINUTE,
  answer: 10 * MINUTE,
  idle: 30_000,
  probe: 5_000,
}

/**
 * The longest that one send can last. MAIL, RCPT, DATA and the content count as one stage: a server that uses up the time
 * of each of them is given up.
 */
export function longestSend({ connect, greeting, login, command, answer }: SmtpLimits): number {
  return connect + greeting + login + command + answer
}
