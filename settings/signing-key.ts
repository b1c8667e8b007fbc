import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'

const FORM = 'must be an RSA public key as PEM (-----BEGIN PUBLIC KEY-----), or that in base64'

/**
 * BELAY_SIGNING_PUBLIC_KEY: the public half of the key that signs user tokens, as PEM or as base64 of PEM. A private key
 * is refused, since it has no business here, and so is RSA of fewer than 2,048 bits.
 */
export const signingKey = z
  .string()
  .transform((text, context): KeyObject => {
    const pem = pemOf(text)
    const fault = (message: string) => {
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    if (pem.includes('PRIVATE KEY')) {
      return fault('is a private key: Belay needs its public half, openssl rsa -in key.pem -pubout')
    }
    try {
      const key = createPublicKey(pem)
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
      if (key.asymmetricKeyType !== 'rsa') return fault(FORM)
      return bits < 2_048 ? fault('must be RSA of at least 2,048 bits') : key
    } catch {
      return fault(FORM)
    }
  })
  .optional()

/** Line breaks may stand as \n, as files of environment variables have them. */
function pemOf(text: string): string {
  const lines = text.replaceAll('\\n', '\n').trim()
  return lines.startsWith('-----') ? lines : Buffer.from(lines, 'base64').toString('utf8').trim()
}
