import { until } from '../fixtures/until.ts'
import { command, docker } from './docker.ts'

/** Those that stay, in the order in which Compose starts them. */
export const services = ['postgres', 'temporal', 'temporal-ui', 'mailpit', 'api', 'worker'] as const
export type Service = (typeof services)[number]

export interface Container {
  id: string
  name: string
  service: string
  running: boolean
  /** Of its present process: another one means that it was started again. */
  startedAt: string
  pid: number
  address: string
}

interface Inspected {
  Id: string
  Name: string
  Config: { Labels: Record<string, string> }
  State: { Running: boolean; StartedAt: string; Pid: number }
  NetworkSettings: { Networks: Record<string, { IPAddress: string }> }
}

const READY_MS = 120_000
const project = () => process.env['COMPOSE_PROJECT_NAME']!
export const network = () => `${project()}_default`
export const apiUrl = () => `http://127.0.0.1:${process.env['API_PORT']}`
export const mailpitUrl = () => `http://127.0.0.1:${process.env['MAILPIT_PORT']}`

/** Containers of the project as they are now, those that ended too. */
export async function containers(...of: Service[]): Promise<Container[]> {
  const ids = await docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${project()}`)
  if (ids === '') return []
  const inspected = JSON.parse(await docker('inspect', ...ids.split('\n'))) as Inspected[]
  return inspected
    .map(({ Id, Name, Config, State, NetworkSettings }) => ({
      id: Id,
      name: Name.slice(1),
      service: Config.Labels['com.docker.compose.service']!,
      running: State.Running,
      startedAt: State.StartedAt,
      pid: State.Pid,
      address: Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '',
    }))
    .filter(({ service }) =>
      of.length === 0 ? services.includes(service as Service) : of.includes(service as Service),
    )
    .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }))
}

export async function container(service: Service): Promise<Container> {
  const [found] = await containers(service)
  if (found === undefined) throw new Error(`no container of ${service}`)
  return found
}

const idsOf = async (of: Service[]) => (await containers(...of)).map(({ id }) => id)

/** Without a word, as when the host's memory runs out. The engine does not start it again. */
export async function kill(...of: Service[]): Promise<void> {
  await docker('kill', ...(await idsOf(of)))
}

/** All at once and in no order, as when a host comes back. */
export async function start(...of: Service[]): Promise<void> {
  await docker('start', ...(await idsOf(of)))
}

export async function pause(...of: Service[]): Promise<void> {
  await docker('pause', ...(await idsOf(of)))
}

export async function unpause(...of: Service[]): Promise<void> {
  await docker('unpause', ...(await idsOf(of)))
}

/** What `/readyz` says, or why it says nothing. */
export async function readiness(url = apiUrl()): Promise<string> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })
    return `${response.status} ${await response.text()}`
  } catch (error) {
    return String(error)
  }
}

/** Answers how many milliseconds it took until store, Temporal and a worker were there for the api. */
export async function ready(url = apiUrl(), withinMs = READY_MS): Promise<number> {
  const from = performance.now()
  let said = ''
  await until(
    'store, Temporal and worker are there',
    async () => {
      said = await readiness(url)
      return said.startsWith('200') && !said.includes('"away"')
    },
    withinMs,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${said}`)
  })
  return performance.now() - from
}

/** Statements for the superuser of Postgres, in a database of the project. */
export async function sql(statement: string, database = 'postgres'): Promise<string> {
  const { id } = await container('postgres')
  const whoAmI = ['sh', '-c', 'exec psql -U "$POSTGRES_USER" -h /var/run/postgresql -d "$0" -Atc "$1"']
  return docker('exec', id, ...whoAmI, database, statement)
}

/** The last lines that a service wrote. */
export async function logs(service: Service, lines = 200): Promise<string> {
  const ids = await idsOf([service])
  const of = (id: string) => command('docker', ['logs', '--tail', String(lines), id], { both: true })
  return (await Promise.all(ids.map(of))).join('\n')
}
