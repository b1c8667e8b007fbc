import type { Catalog } from '../definitions/catalog.ts'
import type { Step } from '../definitions/step.ts'
import type { Script } from './rehearse.ts'

/**
 * That there is each step that a script names: else what it says of it would be passed over. Where the workflow triggers
 * others, a step of any of them will do. Throws an Error that names the option.
 */
export function assertKnownSteps(catalog: Catalog, { workflow, happenings, answers = {} }: Script): void {
  const stepsOf = (key: string): readonly Step[] => catalog.definitions.get(key)?.definition.steps ?? []
  const own = stepsOf(workflow)
  const triggersOthers = own.some(({ type }) => type === 'trigger_workflow')
  const played = triggersOthers ? [...catalog.definitions.keys()].flatMap(stepsOf) : own
  const assertKnown = (option: string, ref: string, type: Step['type'], what: string) => {
    const known = played.filter((step) => step.type === type).map((step) => step.ref)
    if (known.includes(ref)) return
    const there = known.length === 0 ? 'there is none' : `there are: ${[...new Set(known)].join(', ')}`
    const whose = triggersOthers ? `${workflow} or of what it may trigger` : workflow
    throw new Error(`--${option} names ${ref}, which is no ${what.replace('of it', `of ${whose}`)}; ${there}`)
  }
  for (const happening of happenings)
    if (happening.kind === 'engage' && happening.step !== null)
      assertKnown(happening.action, happening.step, 'channel', 'step of it that makes messages')
  for (const ref of Object.keys(answers)) assertKnown('fetch', ref, 'http_fetch', 'http_fetch step of it')
}
