import { Ajv2020 } from 'ajv/dist/2020.js'
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { readSettings, variables } from '../../settings/settings.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { composeFile, root } from './compose-file.ts'

const { services, configs, volumes } = composeFile()
const entries = Object.entries(services)
const ours = ['migrate', 'api', 'worker'].map((name) => ({ name, ...services[name]! }))
const json = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8')) as Record<string, unknown>

test('docker-compose.yml fits the Compose Specification', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  const validate = ajv.compile(json('test/compose/compose-spec/compose-spec.json'))
  validate(composeFile())
  assert.deepEqual(validate.errors, null)
})

test('every service, volume and config that is named is there', () => {
  for (const [name, service] of entries) {
    for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in services, `${name}: ${other}`)
    for (const { source } of service.configs ?? []) assert.ok(source in configs, `${name}: ${source}`)
    for (const volume of service.volumes ?? []) {
      const source = volume.split(':')[0]!
      assert.ok(source.startsWith('./') ? existsSync(new URL(source, root)) : source in volumes, `${name}: ${source}`)
    }
  }
  assert.equal(
    services['temporal']!.environment!['DYNAMIC_CONFIG_FILE_PATH'],
    services['temporal']!.configs![0]!.target,
  )
  const dynamic = parse(configs['temporal-dynamic-config']!.content) as Record<string, unknown>
  assert.deepEqual(dynamic['limit.maxIDLength'], [{ value: 255 }])
})

test('what ends is waited for by its end and not started for ever, and what stays comes back', () => {
  for (const [name, service] of entries) {
    const waits = entries.flatMap(([, { depends_on }]) => (depends_on?.[name] ? [depends_on[name].condition] : []))
    if (service.restart === 'on-failure:5') {
      assert.ok(waits.length > 0, `${name} is waited for`)
      for (const condition of waits) assert.equal(condition, 'service_completed_successfully', name)
    } else {
      assert.equal(service.restart, 'unless-stopped', name)
      assert.ok(!waits.includes('service_completed_successfully'), name)
      if (waits.includes('service_healthy')) assert.ok(service.healthcheck, `${name} has a health check`)
    }
  }
})

test('images are pinned, ours to the version of the package', () => {
  for (const [name, { image }] of entries) assert.match(image, /:v?\d+(\.\d+)*$/, name)
  for (const { name, image } of ours) assert.equal(image, `belay:${json('package.json')['version'] as string}`, name)
  assert.equal(services['temporal']!.image.split(':')[1], services['temporal-schema']!.image.split(':')[1])
})

test('nothing listens beyond the host', () => {
  const ports = entries.flatMap(([, service]) => service.ports ?? [])
  assert.ok(ports.length > 0)
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/)
})

test('what the processes are given is what the settings accept', () => {
  const foreign = ['NODE_OPTIONS', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']
  for (const { name, environment } of ours) {
    for (const variable of Object.keys(environment!)) {
      assert.ok(variable in variables || foreign.includes(variable), `${name}: nothing reads ${variable}`)
    }
    const settings = readSettings(environment)
    assert.equal(new URL(settings.DATABASE_URL!).hostname, 'postgres')
  }
  const api = readSettings(services['api']!.environment)
  assert.ok(api.BELAY_SECRET_KEY !== undefined && api.BELAY_PUBLIC_KEY !== undefined)
  assert.equal(services['api']!.ports![0], `127.0.0.1:4000:${api.PORT}`)
  assert.equal(services['api']!.volumes![0], `./notifications:${api.BELAY_NOTIFICATIONS_DIR}:ro`)
  const { SMTP_URL, BELAY_EMAIL_FROM } = readSettings(services['worker']!.environment)
  assert.equal(SMTP_URL, 'smtp://mailpit:1025')
  assert.ok(BELAY_EMAIL_FROM)
})

test('our processes can write to their temporary folder alone, which is bounded', () => {
  for (const { name, read_only, tmpfs, cap_drop } of ours) {
    assert.deepEqual([read_only, cap_drop], [true, ['ALL']], name)
    assert.match(tmpfs!.join(), /^\/tmp:size=\d+m,mode=1777$/, name)
  }
  assert.match(services['worker']!.environment!['BELAY_READY_FILE']!, /^\/tmp\//)
})

test('Belay and Temporal log in as roles of their own, and only what makes those as the superuser', () => {
  const superuser = services['postgres']!.environment!['POSTGRES_USER']
  const logins = entries.flatMap(([name, { environment = {} }]) => {
    const url = environment['DATABASE_URL']
    const user = url === undefined ? (environment['PGUSER'] ?? environment['SQL_USER']) : new URL(url).username
    const login = user ?? (name === 'postgres' ? undefined : environment['POSTGRES_USER'])
    return login === undefined ? [] : [[name, login]]
  })
  assert.deepEqual(Object.fromEntries(logins), {
    'postgres-roles': superuser,
    'temporal-schema': 'temporal',
    temporal: 'temporal',
    migrate: 'belay',
    api: 'belay',
    worker: 'belay',
  })
  for (const [name] of logins) assert.ok(name === 'postgres-roles' || waitsFor(name!, 'postgres-roles'), name)
})

/** Through others, too. */
function waitsFor(name: string, other: string): boolean {
  const before = Object.keys(services[name]!.depends_on ?? {})
  return before.includes(other) || before.some((each) => waitsFor(each, other))
}

test('an api that is stopped goes on serving as long as a balancer needs to notice', () => {
  const { BELAY_DRAIN_SECONDS } = readSettings(services['api']!.environment)
  assert.equal(BELAY_DRAIN_SECONDS, 5)
})

test('a process has time to stop, and its heap leaves a quarter of its memory', () => {
  for (const { name, stop_grace_period, mem_limit, environment } of ours) {
    assert.ok(Number.parseInt(stop_grace_period!, 10) > 20, name)
    assert.deepEqual([mem_limit, environment!['NODE_OPTIONS']], ['1g', '--max-old-space-size=768'], name)
  }
})

test('every service that stays has a health check', () => {
  for (const [name, { restart, healthcheck }] of entries) {
    const comesWithItsImage = name === 'mailpit'
    assert.equal(healthcheck !== undefined, restart === 'unless-stopped' && !comesWithItsImage, name)
  }
})

test('the api’s health check passes on 200, and fails on 503 and where nothing listens', async () => {
  let status = 200
  const api = await httpReceiver((response) => response.writeHead(status).end('{}'))
  after(() => api.close())
  const healthCheck = (port: number) => runHealthCheck('api', (arg) => arg.replace(':4000/', `:${port}/`))
  assert.equal(await healthCheck(api.port), 0)
  assert.equal(api.requests[0]!.url, '/readyz')
  status = 503
  assert.equal(await healthCheck(api.port), 1)
  const gone = await httpReceiver()
  await gone.close()
  assert.equal(await healthCheck(gone.port), 1)
})

test('the worker’s health check passes while its file is fresh, and fails once it is old or gone', async () => {
  assert.equal(services['worker']!.environment!['BELAY_READY_FILE'], '/tmp/belay-ready')
  const file = join(temporaryFolder(), 'ready')
  const healthCheck = () => runHealthCheck('worker', (arg) => arg, { BELAY_READY_FILE: file })
  assert.equal(await healthCheck(), 1)
  writeFileSync(file, '')
  assert.equal(await healthCheck(), 0)
  const before = Date.now() / 1_000 - 21
  utimesSync(file, before, before)
  assert.equal(await healthCheck(), 1)
})

async function runHealthCheck(
  name: string,
  given: (arg: string) => string,
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const [kind, command, ...args] = services[name]!.healthcheck!.test
  assert.deepEqual([kind, command], ['CMD', 'node'])
  const child = spawn(process.execPath, args.map(given), { env: { ...process.env, ...env } })
  const [code] = (await once(child, 'exit')) as [number]
  return code
}

test('the scripts are shell', () => {
  for (const name of ['postgres-roles', 'temporal-schema', 'temporal-namespace']) {
    const { entrypoint, command } = services[name]!
    assert.deepEqual(entrypoint, ['sh', '-euc'])
    const { status, stderr } = spawnSync('sh', ['-n', '-c', command![0]!], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }
})
