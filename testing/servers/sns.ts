import { execFileSync } from 'node:child_process'
import { createSign } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { HttpClient, type HttpAnswer, type HttpCall } from '../../channels/http-client.ts'
import { HostList } from '../../settings/host-list.ts'
import { temporaryFolder } from '../fixtures/folder.ts'

const REGION = 'eu-west-1'
const HOST = `sns.${REGION}.amazonaws.com`
export const TOPIC = `arn:aws:sns:${REGION}:123456789012:mail`

/**
 * Amazon SNS: signs what it posts by a certificate that it serves over TLS, under a certificate authority that `http` alone
 * trusts; `http` finds it under the name of the real one.
 */
export async function snsServer() {
  const authority = authorityIn(temporaryFolder())
  const tls = authority.issue('tls', HOST)
  const signing = authority.issue('signing', 'sns.amazonaws.com')
  const paths: string[] = []
  const server = createServer(tls, (request, response) => {
    paths.push(request.url!)
    if (request.url!.endsWith('.pem')) response.end(signing.cert)
    else response.end('<ConfirmSubscriptionResponse/>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connect = { ca: authority.cert, lookup: toLoopback }
  const client = new HttpClient({ allowPrivate: HostList.every, tls: connect })
  const http = {
    request(call: HttpCall): Promise<HttpAnswer> {
      const url = new URL(call.url)
      url.port = String(port)
      return client.request({ ...call, url })
    },
  }
  /** A message as SNS posts it; fields given stand in it before it is signed. */
  const message = (fields: Record<string, string>, version: '1' | '2' = '2') => {
    const whole = {
      Type: 'Notification',
      MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
      TopicArn: TOPIC,
      Timestamp: new Date().toISOString(),
      SignatureVersion: version,
      SigningCertURL: `https://${HOST}/SimpleNotificationService-${port}.pem`,
      ...fields,
    }
    return { ...whole, Signature: signatureOf(whole, signing.key, version) }
  }
  const close = async () => {
    await client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { http, message, paths, close }
}

/** Each field and its value on a line of their own, in the order of their names. */
function signatureOf(message: Record<string, string>, key: Buffer, version: '1' | '2'): string {
  const own = ['Message', 'MessageId', 'SubscribeURL', 'Subject', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const lines = own.filter((name) => message[name] !== undefined).flatMap((name) => [name, message[name]!])
  const signer = createSign(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256')
  return signer.update(lines.map((line) => `${line}\n`).join('')).sign(key, 'base64')
}

function toLoopback(_host: string, options: { all?: boolean }, found: (...given: never[]) => void): void {
  const all = [{ address: '127.0.0.1', family: 4 }]
  ;(found as (...given: unknown[]) => void)(null, ...(options.all === true ? [all] : ['127.0.0.1', 4]))
}

/** A certificate authority of one day, and what it issues. */
function authorityIn(folder: string) {
  const at = (name: string) => join(folder, name)
  const openssl = (...given: string[]) => execFileSync('openssl', given, { stdio: 'ignore' })
  const fresh = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', at(`${name}.key`)]
  openssl('req', '-x509', ...fresh('ca'), '-out', at('ca.pem'), '-days', '1', '-subj', '/CN=Test CA')
  const issue = (name: string, host: string) => {
    openssl('req', ...fresh(name), '-out', at(`${name}.csr`), '-subj', `/CN=${host}`)
    writeFileSync(at(`${name}.ext`), `subjectAltName=DNS:${host}\n`)
    const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '1']
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      ...signed,
      '-extfile',
      at(`${name}.ext`),
      '-out',
      at(`${name}.pem`),
    )
    return { key: readFileSync(at(`${name}.key`)), cert: readFileSync(at(`${name}.pem`)) }
  }
  return { cert: readFileSync(at('ca.pem')), issue }
}
