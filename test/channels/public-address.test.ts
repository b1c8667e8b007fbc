import assert from 'node:assert/strict'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { HttpClient } from '../../channels/http-client.ts'
import { isPublicAddress } from '../../channels/public-address.ts'
import { HostList } from '../../settings/host-list.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

const inside = `
  0.0.0.0 0.1.2.3 10.1.1.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255
  192.0.0.8 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255
  :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1
  2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1`

test('loopback, private, link-local, shared, multicast, mapped and reserved addresses are inside', () => {
  for (const address of inside.trim().split(/\s+/)) assert.equal(isPublicAddress(address), false, address)
})

test('addresses of the public Internet are not', () => {
  const outside = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '172.32.0.1', '::ffff:8.8.8.8', '2606:4700::1111']
  for (const address of outside) assert.equal(isPublicAddress(address), true, address)
})

test('a name that resolves anew gains nothing: what was looked up is what is connected to', async (t) => {
  const receiver = await httpReceiver((response) => void response.writeHead(200, { connection: 'close' }).end())
  t.after(() => receiver.close())
  // The first is let through as if it were public; whoever asked again would be led inside.
  const answers = [['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1', '127.0.0.2'], ['8.8.8.8', '::ffff:10.0.0.1']]
  let lookups = 0
  const answer = (name: string, _options: object, callback: (error: null, found: dns.LookupAddress[]) => void) => {
    assert.equal(name, 'rebinds.example')
    const addresses = answers[lookups++]!
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  const lookup = t.mock.method(dns, 'lookup', answer as unknown as typeof dns.lookup)
  syncBuiltinESMExports()
  t.after(() => {
    lookup.mock.restore()
    syncBuiltinESMExports()
  })
  const client = new HttpClient({ allowPrivate: new HostList(['127.0.0.1']) })
  t.after(() => client.close())
  const ask = () =>
    client.request({
      url: new URL(`http://rebinds.example:${receiver.port}/`),
      method: 'GET',
      headers: {},
      body: null,
      timeoutMs: 30_000,
      signal: new AbortController().signal,
    })
  assert.equal((await ask()).status, 200)
  assert.deepEqual([lookups, receiver.requests.length], [1, 1], 'asked once')
  for (const inside of ['127.0.0.2', '127.0.0.2', '::ffff:10.0.0.1']) {
    await assert.rejects(ask(), new RegExp(`rebinds.example is ${inside}, which is not a public address`))
  }
  assert.equal(receiver.requests.length, 1)
})
