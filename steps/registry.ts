import type { Step, Steps, StepType } from '../definitions/step.ts'
import { batchKind } from './batch/kind.ts'
import { branchKind } from './branch/kind.ts'
import { channelKind } from './channel/channel.ts'
import { delayKind } from './delay/kind.ts'
import { fetchKind } from './http-fetch/kind.ts'
import type { StepKind } from './kind.ts'
import { cohortKind } from './random-cohort/kind.ts'
import { throttleKind } from './throttle/kind.ts'
import { triggerKind } from './trigger-workflow/kind.ts'
import { updateDataKind } from './update-data/kind.ts'
import { updateObjectKind, updateTenantKind, updateUserKind } from './update-profile/kind.ts'
import { waitKind } from './wait-for-event/kind.ts'

/** Every kind of step there is: one that is missing here does not compile. */
export const stepKinds: { readonly [Type in StepType]: StepKind<Steps[Type]> } = {
  batch: batchKind,
  branch: branchKind,
  channel: channelKind,
  delay: delayKind,
  http_fetch: fetchKind,
  random_cohort: cohortKind,
  throttle: throttleKind,
  trigger_workflow: triggerKind,
  update_data: updateDataKind,
  update_object: updateObjectKind,
  update_tenant: updateTenantKind,
  update_user: updateUserKind,
  wait_for_event: waitKind,
}

/** The kind of a step, for callers that hold steps of any kind. */
export function kindOf(type: StepType): StepKind<Step> {
  return stepKinds[type]
}
