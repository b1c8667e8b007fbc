/** What OpenSSL says of a failure: an address of its memory, a code, where, and the words. */
const OPENSSL = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/
const NO_TLS = 'wrong version number'
const UNKNOWN_ISSUER = /^(?:unable to (?:verify|get)|self-signed certificate)/

/** Why a connection could not be made or kept, in words that say what to do where TLS is at fault. */
export function connectionWords(message: string): string {
  const tls = OPENSSL.exec(message)?.[1]
  if (tls === NO_TLS)
    return 'TLS failed: the far side answered without it, so this is an address or a port for plain connections'
  if (tls !== undefined) return `TLS failed: ${tls}`
  if (UNKNOWN_ISSUER.test(message))
    return `${message}; if its issuer is to be trusted, give the worker a file with it in NODE_EXTRA_CA_CERTS`
  return message
}
