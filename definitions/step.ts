import type { ConditionGroup } from '../conditions/conditions.ts'
import type { SendWindows } from '../steps/channel/send-window.ts'
import type { WindowRule } from '../steps/delay/window-rule.ts'
import type { ChannelType, TemplateOf } from './channel-types.ts'

/** The compiled form of every kind of step, by its `type`. A kind may add its own from its folder, by `declare module`. */
export interface Steps {
  delay: DelayStep
  channel: ChannelStep
  branch: BranchStep
  random_cohort: CohortStep
  throttle: ThrottleStep
  batch: BatchStep
  http_fetch: FetchStep
  trigger_workflow: TriggerStep
  update_user: UpdateStepOf<'update_user'>
  update_object: UpdateStepOf<'update_object'>
  update_tenant: UpdateStepOf<'update_tenant'>
  update_data: UpdateDataStep
  wait_for_event: WaitStep
}
export type StepType = keyof Steps
export type Step = Steps[StepType]

/** What every step has. */
export interface StepBase {
  ref: string
  name: string
  /** Index of the step that follows; null: the end. */
  next: number | null
  /** Must hold, or the step is skipped. Absent: none. */
  conditions?: ConditionGroup
}

export const durationUnits = ['seconds', 'minutes', 'hours', 'days', 'weeks', 'months'] as const
export type DurationUnit = (typeof durationUnits)[number]
export interface Duration {
  unit: DurationUnit
  /** A whole number, not 0; negative only for a delay before an instant. */
  value: number
}

/**
 * Sleeps for `delayFor`, until the instant at `delayUntil`, or, with both, until `delayFor` after that instant, or before
 * it if negative; or until the next occurrence of `window`, which stands alone.
 */
export interface DelayStep extends StepBase {
  type: 'delay'
  delayFor: Duration | null
  /** A path such as `data.due_at`, starting with data, recipient, actor, tenant or vars; dots alone part its names. */
  delayUntil: string | null
  window?: WindowRule
}

/** Goes on in the first branch whose conditions hold. `next` is where the branches join again. */
export interface BranchStep extends StepBase {
  type: 'branch'
  /** The last is the default, and has no conditions. `to`: the index of its first step, or where it goes on. */
  branches: { name: string; conditions?: ConditionGroup; to: number | null }[]
}

/** Goes on in one of its cohorts by chance. `next` is where they join again. */
export interface CohortStep extends StepBase {
  type: 'random_cohort'
  /** A path or Liquid: the same value, the same cohort. Null: the recipient. */
  cohortKey: string | null
  /** `share` in tenths of a percent; they add up to 1000. */
  cohorts: { name: string; share: number; to: number | null }[]
}

/** Ends the run of a recipient who has passed it `limit` times in the window that the first pass opened. */
export interface ThrottleStep extends StepBase {
  type: 'throttle'
  /** A path or Liquid: each key is counted by itself. Null: one count. */
  throttleKey: string | null
  limit: number
  /** One of the three says how long a window is; the others are null. At most 31 days. */
  windowFor: Duration | null
  /** A path such as `data.quiet_until`, as of a delay. */
  windowUntil: string | null
  windowRule: WindowRule | null
}

export const httpMethods = ['get', 'post', 'put', 'patch', 'delete'] as const
export type HttpMethod = (typeof httpMethods)[number]

/** A request whose answer is laid over `data`. Every text is Liquid, but for the names in lists and `responsePath`. */
export interface FetchStep extends StepBase {
  type: 'http_fetch'
  method: HttpMethod
  url: string
  /** A text is a JSON object once it is rendered. */
  headers: { key: string; value: string }[] | string
  queryParams: { key: string; value: string }[] | string
  body: string | null
  /** Where in `data` the answer goes; null: over all of it. */
  responsePath: string[] | null
  signingKey: string | null
}

/** Triggers another workflow. Every text is Liquid; null: as of the run itself, its recipient and its data. */
export interface TriggerStep extends StepBase {
  type: 'trigger_workflow'
  workflowKey: string
  recipients: string | null
  actor: string | null
  tenant: string | null
  data: string | null
  cancelationKey: string | null
}

/** Gathers what comes for a recipient under one key until it closes; the recipient run that opened it goes on for all. */
export interface BatchStep extends StepBase {
  type: 'batch'
  /** A path or Liquid: each key is gathered by itself. Null: all of the recipient's. */
  batchKey: string | null
  /** When it closes: as of a delay, for a duration, until an instant, both, or by a rule. */
  windowFor: Duration | null
  windowUntil: string | null
  windowRule: WindowRule | null
  /** Each activity that joins moves the close: a window's length from then on. */
  isSliding: boolean
  /** How long after its opening a sliding window may close at the latest. */
  extensionLimit: Duration | null
  /** Whether templates see the first activities or the last ones, oldest first either way. */
  order: 'asc' | 'desc'
  renderLimit: number
  /** So many activities close it at once. Null: any number. */
  itemLimit: number | null
  /** Who finds none open passes at once, and opens one that it is not in. */
  flushLeading: boolean
  /** `pinned`: gathers and goes on in the version that opened it. `latest`: in whatever version is the newest at the close. */
  versionMode: 'pinned' | 'latest'
}

/** Lays a JSON object, rendered, over the properties of somebody. */
interface UpdateStepOf<Type> extends StepBase {
  type: Type
  /** Whom, as `gid://Object/$users/<id>`; Liquid. Null: the run's own recipient or tenant. */
  gid: string | null
  properties: string
}
export type UpdateStep = UpdateStepOf<'update_user'> | UpdateStepOf<'update_object'> | UpdateStepOf<'update_tenant'>

/** Lays a JSON object, rendered, over the data that the recipient run sees. */
export interface UpdateDataStep extends StepBase {
  type: 'update_data'
  data: string
}

/** Sleeps until an event comes, or until its timeout. */
export interface WaitStep extends StepBase {
  type: 'wait_for_event'
  /** `event`: a caller's own. */
  eventKind: 'event' | 'message' | 'workflow' | 'recipient'
  eventName: string
  /** The workflow that a message or a run is of; null: any. */
  source: string | null
  expires: Duration
  matchConditions?: ConditionGroup
  haltsOnMatch: boolean
  haltsOnTimeout: boolean
  /** A caller's own event that came up to so long before counts, too. */
  lookBack: Duration | null
}

export interface ChannelReference {
  key: string
  /** UUID. */
  id: string
  /** Must hold, or nothing is sent over it. Absent: none. */
  conditions?: ConditionGroup
}

/** Channels of one type that a step names together. `any`: the first that may be used, else each of them. */
export interface ChannelGroup {
  key: string
  operator: 'any' | 'all'
  /** Never empty. */
  channels: ChannelReference[]
}

interface ChannelStepBase extends StepBase {
  type: 'channel'
  /** With a group: its first. */
  channel: ChannelReference
  group?: ChannelGroup
  /** When its messages may be sent, by the recipient's clock. Absent: always. */
  sendWindows?: SendWindows
}

/** A step of any channel type, or of one. */
export type ChannelStep<Of extends ChannelType = ChannelType> = {
  [Type in Of]: ChannelStepBase & { channelType: Type; template: TemplateOf<Type> }
}[Of]
