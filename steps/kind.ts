import type { Definition, DefinitionVersion } from '../definitions/definition.ts'
import type { Step } from '../definitions/step.ts'
import type { GroupExplanation } from '../conditions/explanation.ts'
import type { Channel } from '../definitions/catalog.ts'
import type { HttpAnswer, HttpCall } from '../channels/http-client.ts'
import type { Links } from '../channels/links.ts'
import type { HostList } from '../settings/host-list.ts'
import type { BatchEntry, BatchSeen } from '../store/batches/batch-entry.ts'
import type { Database } from '../store/postgres/database.ts'
import type { WalkTrigger } from '../store/recipient-runs/load-walks.ts'
import type { RowToWalk } from '../store/recipient-runs/load-walks.ts'
import type { EventWait } from '../store/waits/event-wait.ts'
import type { NewMessage } from '../store/messages/new-message.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { DigestInput, Scope, Subject } from '../templates/scope.ts'
import type { StepFile } from './step-file.ts'
import type { Room } from './room.ts'

/** A recipient run on its way: where it stands, and what it is about. */
export interface Walk<S extends Step = Step> {
  readonly row: RowToWalk
  readonly trigger: WalkTrigger
  readonly definition: Definition
  readonly recipient: Subject
  readonly scope: Scope
  /** The step it stands in. */
  readonly step: S
  readonly stepIndex: number
  /** The number its next message gets. */
  readonly nextMessage: number
  /** The messages it made on its way, not written yet. */
  readonly made: readonly NewMessage[]
  /** The batch it goes on for, with the activities that `scope` shows. Null: its own activity only. */
  readonly batch: CarriedBatch | null
  /** The batches that it came to on its way, not written yet. */
  readonly entries: readonly BatchEntry[]
  /** What its steps remember, by ref; `skipped` of a step that did nothing. */
  readonly state: JsonObject
  /** How the conditions of its step came out, if they held and that is still to be told. */
  held?: GroupExplanation | null
}

/** A batch that a walk goes on for, as it has seen it. */
export interface CarriedBatch extends BatchSeen {
  /** Each of its activities was canceled: nothing more is made. */
  isEmpty: boolean
}

/** Its walk leaves the step, onward or for good. */
type Leaves =
  | { kind: 'go_on'; to?: number | null }
  /** The walk is over, and has not failed. */
  | { kind: 'end'; reason: string }
  /**
   * The step failed: it is tried three times in all, then the walk is over, visibly. `isFinal`: it was, or trying again is
   * no use. `isOurs`: nothing that the author of the workflow could mend.
   */
  | { kind: 'fail'; reason: string; isFinal?: true; isOurs?: true }

/** What a step of one recipient run came to, of a kind that does nothing on the outside. */
export type StepResult = StepEffects &
  /** Stands in the step until `due`, epoch milliseconds, or with null until something else wakes it. */
  (Leaves | { kind: 'wait'; due: number | null })

/** What came of what a step did on the outside. `retry`: it failed, and is done again at `due`, epoch milliseconds. */
export type ActResult = StepEffects & (Leaves | { kind: 'retry'; due: number; reason: string })

/** The step acts on the outside: `act` of its kind is called, once the row is claimed for it. */
export interface ToAct extends StepEffects {
  kind: 'act'
}

/** It is left without having acted: nothing was to be done, or it cannot be. */
type Passing = StepEffects & Leaves

/** What a step of any kind came to. */
export type AnyStepResult = StepResult | ActResult | ToAct

export interface StepEffects {
  messages?: NewMessage[]
  /** Why the step did nothing: recorded as an event of the recipient run. */
  skipped?: { reason: string; data?: JsonObject }
  /** What the step did or found, or which way it went: `data` is an event of the recipient run, `text` a line of a rehearsal. */
  decided?: Decided
  /** What steps remember from now on, by ref. */
  state?: JsonObject
  /** Laid over the `data` that this recipient run sees from now on. */
  data?: JsonObject
  /** The batch it comes to. It opens or joins it when the walk is settled, and its wait ends when that says. */
  entry?: BatchEntry
  /** It begins to wait for an event, has looked at some in vain, or its wait is over. */
  wait?: { enters?: EventWait; seen?: string[]; leaves?: boolean }
  /** The batch it waited in is closed, and it goes on for all of it: null, nothing is left. In another version from there. */
  digest?: { closing: BatchSeen; seen: DigestInput | null; version?: DefinitionVersion & { stepIndex: number } }
}

export interface Decided {
  text: string
  data: JsonObject
}

/** What the kinds of steps work with. */
export interface StepDeps {
  db: Database
  channels: ReadonlyMap<string, Channel>
  /** Of recipients who have none of their own; absent: UTC. */
  timeZone?: string | undefined
  /** Makes the links of in-app messages that are tracked; absent: it is not known where the API is reached. */
  links?: Links | undefined
  /** The store's clock, epoch milliseconds: one instant for a whole chunk, so that who waits as one wakes as one. */
  now: number
  /** What is rendered takes of it; absent: as much as there is. */
  room?: Room | undefined
  /** Absent: nobody looks on. */
  onResult?: StepListener | undefined
}

/** Told of what each step of a walk came to, before it is written: how a rehearsal sees steps that leave no trace. */
export type StepListener = (walk: Walk, result: AnyStepResult) => void

/** What steps that act on the outside work with. */
export interface OutsideDeps {
  /** The store's clock, epoch milliseconds. */
  now: () => number
  /** `id`: of one step of one recipient run, the same at each try. */
  http: { request(call: HttpCall & { id: string }): Promise<HttpAnswer> }
  /** Who may have secrets where data chose the host; absent: nobody. */
  secretHosts?: HostList | undefined
  /** Triggers a workflow for the step the walk stands in, once. */
  trigger: (walk: Walk, wish: TriggerWish) => Promise<Triggered>
  /** Updates a profile for the step the walk stands in. */
  update: (walk: Walk, update: ProfileUpdate) => Promise<Updated>
}

/** Properties to be laid over somebody's, at every depth, as a step asks for it. */
export interface ProfileUpdate {
  /** `$users`, `$tenants`, or a collection of objects. */
  collection: string
  id: string
  properties: JsonObject
}

/** A workflow to be triggered, as a step asks for it; what is not known is checked by who carries it out. */
export interface TriggerWish {
  workflow: string
  recipients: unknown
  actor: unknown
  tenant: unknown
  data: unknown
  cancellation_key: string | null
}

/** The trigger that was accepted; or why there is none: the step is skipped, or its run fails. */
export type Triggered = { workflowRunId: string } | { skipped: string } | { problem: string }

/** The profile was updated; or why it was not: the step is skipped, or its run fails. */
export type Updated = 'updated' | { skipped: string } | { problem: string }

/**
 * Everything the engine knows of one kind of step. Each call takes all recipient runs of a chunk that stand in a step of
 * this kind, and answers for each, in their order; what they need is loaded in a handful of statements.
 */
export type StepKind<S extends Step> = InsideKind<S> | OutsideKind<S>

interface AnyKind<S extends Step> {
  readonly type: S['type']
  /** How it stands in workflow.json, and what is compiled of it. */
  readonly file: StepFile<S>
  /** True if it reaches somebody or changes something outside of the walk: a walk with none of these before it is over. */
  readonly acts: boolean
  /** Its wait is for the time alone: a reschedule moves it, and a `send_now` ends it. */
  readonly movable: boolean
  /** The steps it may go on to; null is the end. */
  targets(step: S): readonly (number | null)[]
}

/** Decides, waits, or makes messages, and has nothing to do with anybody outside. */
export interface InsideKind<S extends Step> extends AnyKind<S> {
  /** The conditions of the step hold for each: for others it is skipped. */
  enter(walks: readonly Walk<S>[], deps: StepDeps): Promise<StepResult[]>
  /** The wait it asked for is over. */
  resume(walks: readonly Walk<S>[], deps: StepDeps): Promise<StepResult[]>
  /**
   * Plans its wait, as the first step of a trigger accepted at `from`, where the trigger alone settles it: `due` in epoch
   * milliseconds, or the path of the value that cannot be used, whereupon the trigger is refused. Null, or absent: its worker
   * will see.
   */
  planAtTrigger?(
    step: S,
    trigger: NewTrigger,
    from: number,
  ): { due: number } | { field: string; problem: string } | null
  readonly act?: undefined
}

/** What is known of a trigger when it is accepted. */
export interface NewTrigger {
  /** The recipient's own laid over what all share. */
  data: Record<string, unknown>
  /** By `skip_delay`, it passes over every delay. */
  skipDelay: boolean
}

/** Acts on the outside: its rows wait for nothing else, in a lane of their own, where each is claimed by itself. */
export interface OutsideKind<S extends Step> extends AnyKind<S> {
  /** As of any kind; `letAct`, unless something is to be decided before. */
  enter(walks: readonly Walk<S>[], deps: StepDeps): Promise<(ToAct | Passing)[]>
  resume(walks: readonly Walk<S>[], deps: StepDeps): Promise<(ToAct | Passing)[]>
  /**
   * What it does on the outside, of a step whose result was `act`: its row is claimed meanwhile, by this process, for a
   * minute at most. It may come twice, if a worker dies.
   */
  act(walk: Walk<S>, deps: OutsideDeps): Promise<ActResult>
  readonly planAtTrigger?: undefined
}
