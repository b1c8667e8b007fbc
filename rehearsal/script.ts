import type { ParseArgsConfig } from 'node:util'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { HostList } from '../settings/host-list.ts'
import { readObjectFile } from '../json/object-file.ts'
import { readInstant } from '../store/clock/read-instant.ts'
import { engagementActions, type EngagementAction } from '../store/messages/engagement.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { answersFile, type Answers } from './fetches.ts'
import type { Happening } from './happening.ts'
import { readOffset } from './offset.ts'
import type { Script } from './rehearse.ts'

export const USAGE = `npm run rehearse -- <key> --data file.json [--cancel-at 2d]
  --folder dir             the notifications folder, if not BELAY_NOTIFICATIONS_DIR
  --recipient id|file.json whom it is for; a file holds properties beside the id. Several times: several people
  --actor id|file.json, --tenant id|file.json
  --at instant             when it begins; now, if it is left out
  --again 5m[=file.json]   triggers it again so long after, with data of its own
  --seen 5m[=step]         somebody sees the messages there are by then, or those of one step;
                           so do --read, --interacted, --archived
  --event 5m=name[:file.json]   an event of your own
  --update 5m=file.json    changes the properties of the user that the file names
  --cancel-at 2d[=id]      cancels, for all or for one
  --fetch file.json        answers by step: {"fetch_1": {"status": 200, "body": {}}}, or a list, one for each try
  --allow-fetch            makes other fetches over the network
  --json                   the timeline as JSON`

const many = { type: 'string', multiple: true } as const
export const options = {
  data: { type: 'string' },
  folder: { type: 'string' },
  recipient: many,
  actor: { type: 'string' },
  tenant: { type: 'string' },
  at: { type: 'string' },
  again: many,
  seen: many,
  read: many,
  interacted: many,
  archived: many,
  event: many,
  update: many,
  'cancel-at': many,
  fetch: { type: 'string' },
  'allow-fetch': { type: 'boolean' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

type Values = {
  [Name in keyof typeof options]?: (typeof options)[Name] extends { multiple: true }
    ? string[]
    : (typeof options)[Name]['type'] extends 'boolean'
      ? boolean
      : string
}

/** What the arguments ask for; files are read. Throws an Error that names the argument. */
export async function readScript(workflow: string, given: Values, allowPrivate: HostList): Promise<Script> {
  const recipients = await Promise.all((given.recipient ?? ['ada']).map(person))
  const body = {
    recipients,
    data: given.data === undefined ? {} : await objectIn(given.data),
    ...(given.actor !== undefined && { actor: await person(given.actor) }),
    ...(given.tenant !== undefined && { tenant: await person(given.tenant) }),
  }
  const happenings: Happening[] = [{ after: 0, kind: 'trigger', body }]
  for (const { after, rest } of timed('again', given.again)) {
    const data = rest === null ? body.data : await objectIn(rest)
    happenings.push({ after, kind: 'trigger', body: { ...body, data } })
  }
  for (const action of engagementActions.filter((name): name is EngagementAction & keyof Values => name in options))
    for (const { after, rest } of timed(action, given[action]))
      happenings.push({ after, kind: 'engage', action, step: rest })
  for (const { after, rest } of timed('event', given.event)) {
    // A name may hold colons itself: a file is what ends in .json behind the last.
    const [, event = '', file] = /^(.*?)(?::([^:]*\.json))?$/s.exec(rest ?? '') ?? []
    if (event === '') throw new Error('--event names no event: write it as 5m=name')
    happenings.push({ after, kind: 'event', event, data: file ? await objectIn(file) : {} })
  }
  for (const { after, rest } of timed('update', given.update)) {
    const { id, ...properties } = await objectIn(rest ?? '')
    if (typeof id !== 'string') throw new Error(`--update: ${rest ?? 'no file'} must hold the id of a user`)
    happenings.push({ after, kind: 'update_user', id, properties })
  }
  for (const { after, rest } of timed('cancel-at', given['cancel-at']))
    happenings.push({ after, kind: 'cancel', ...(rest !== null && { recipients: [rest] }) })
  return {
    workflow,
    start: startOf(given.at),
    happenings,
    answers: given.fetch === undefined ? {} : await answersIn(given.fetch),
    allowFetch: given['allow-fetch'] === true ? allowPrivate : undefined,
  }
}

/** `5m=rest`, or an offset alone. */
function timed(name: string, given: readonly string[] = []): { after: number; rest: string | null }[] {
  return given.map((text) => {
    const [offset = '', rest] = text.split(/=(.*)/s)
    try {
      return { after: readOffset(offset), rest: rest ? rest : null }
    } catch (error) {
      throw new Error(`--${name}: ${(error as Error).message}`, { cause: error })
    }
  })
}

function startOf(given: string | undefined): number {
  // A whole second: what is shown of it reads better.
  if (given === undefined) return Math.floor(Date.now() / 1000) * 1000
  const instant = readInstant(given)
  if (instant === undefined) throw new Error(`--at: ${given} is no instant such as 2026-01-05T09:00:00Z`)
  return instant.epochMs
}

/** An id, or a file with an id and properties. */
async function person(given: string): Promise<string | JsonObject> {
  return given.endsWith('.json') ? objectIn(given) : given
}

async function answersIn(file: string): Promise<Answers> {
  const parsed = answersFile.safeParse(await objectIn(file), { error: zodErrorMap })
  if (parsed.success) return parsed.data
  const [fault] = parsed.error.issues
  throw new Error(`${file}, ${fault!.path.join('.')}: ${fault!.message}`)
}

async function objectIn(file: string): Promise<JsonObject> {
  return (await readObjectFile(file)) as JsonObject
}
