import type { HttpClient } from '../channels/http-client.ts'
import type { EngineDeps } from '../engine/deps.ts'
import { triggerFromStep } from '../engine/trigger-from-step.ts'
import { updateFromSteps, type StepUpdate } from '../engine/update-from-steps.ts'
import type { OutsideDeps, Updated } from '../steps/kind.ts'
import type { HostList } from '../settings/host-list.ts'
import type { Database } from '../store/postgres/database.ts'
import { Gathered } from './gather.ts'

/** Updates in one transaction. */
const MOST = 50

type Deps = Pick<EngineDeps, 'outbox' | 'now' | 'signaler'> & {
  db: Database
  http: Pick<HttpClient, 'request'>
  secretHosts?: HostList | undefined
  /** Whose claims are this process's. */
  leases: { owner: string }
}

/** What steps do on the outside, as this process carries it out. */
export function createOutside({ db, http, secretHosts, now, outbox, signaler, leases: { owner } }: Deps): OutsideDeps {
  const updates = new Gathered<StepUpdate, Updated>(MOST, (all) => updateFromSteps({ db, now, outbox }, owner, all))
  return {
    now,
    http,
    secretHosts,
    trigger: (walk, wish) => triggerFromStep({ store: { db }, outbox, now, signaler }, owner, walk, wish),
    update: (walk, update) => updates.add({ walk, update }),
  }
}
