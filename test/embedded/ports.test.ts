import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { checkPorts, freePort } from '../../embedded/ports.ts'

const host = '127.0.0.1'

test('a port in use is an error that names its variable', async (t) => {
  const server = createServer().listen(0, host)
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const choices = [
    { variable: 'PORT', host, port: await freePort() },
    { variable: 'TEMPORAL_DEV_UI_PORT', host, port },
  ]
  await assert.rejects(checkPorts(choices), {
    name: 'StartError',
    message: `TEMPORAL_DEV_UI_PORT: port ${port} on 127.0.0.1 is in use; set TEMPORAL_DEV_UI_PORT to another`,
  })
})

test('two variables with the same port are an error that names both', async () => {
  const port = await freePort()
  const choices = ['PORT', 'TEMPORAL_DEV_PORT'].map((variable) => ({ variable, host, port }))
  await assert.rejects(checkPorts(choices), /^StartError: TEMPORAL_DEV_PORT: .* also the one of PORT/)
})

test('free ports, and 0 for any, are accepted', async () => {
  await checkPorts([
    { variable: 'PORT', host, port: await freePort() },
    { variable: 'TEMPORAL_DEV_PORT', host, port: 0 },
    { variable: 'TEMPORAL_DEV_UI_PORT', host, port: 0 },
  ])
})

test('a host that is none of this machine is blamed on its own variable, whatever the port', async () => {
  for (const [host, why] of [
    ['192.0.2.1', 'EADDRNOTAVAIL'],
    ['nowhere.invalid', 'ENOTFOUND|EAI_AGAIN'],
  ] as const) {
    for (const port of [0, await freePort()]) {
      const said = new RegExp(`^HOST: ${host} is no address of this machine \\(.*(${why}).*; set HOST to one`)
      const choice = { variable: 'PORT', hostVariable: 'HOST', host, port }
      await assert.rejects(checkPorts([choice]), { name: 'StartError', message: said })
    }
  }
})
