import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublicAddress } from '../../channels/public-address.ts'

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
