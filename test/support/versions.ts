import type { Catalog } from '../../definitions/catalog.ts'
import type { Definition, DefinitionVersion, Step } from '../../definitions/definition.ts'
import { versionOf } from '../../definitions/version.ts'
import { emailChannel, feedChannel } from './seed.ts'

const channel = ({ key, id }: { key: string; id: string }) => ({ key, id })
const feed = (ref: string): Step => {
  const template = { markdownBody: 'Hello', actionUrl: null, actionButtons: [] }
  return { type: 'channel', ref, name: ref, channel: channel(feedChannel), channelType: 'in_app_feed', template }
}
const mail = (ref: string): Step => {
  const template = { subject: 'Hello', body: { html: '<p>Hello</p>' }, textBody: null, attachmentKey: null }
  return { type: 'channel', ref, name: ref, channel: channel(emailChannel), channelType: 'email', template }
}

/** Steps by their refs: `wait` sleeps a day, `wait_long` two, `until` to the instant at data.remind_at. */
const steps = {
  feed: feed('feed'),
  feed_again: feed('feed_again'),
  mail: mail('mail'),
  mail_again: mail('mail_again'),
  wait: { type: 'delay', ref: 'wait', name: 'wait', delayFor: { unit: 'days', value: 1 }, delayUntil: null },
  wait_long: {
    type: 'delay',
    ref: 'wait_long',
    name: 'wait_long',
    delayFor: { unit: 'days', value: 2 },
    delayUntil: null,
  },
  until: { type: 'delay', ref: 'until', name: 'until', delayFor: null, delayUntil: 'data.remind_at' },
} as const satisfies Record<string, Step>

export function testVersion(
  key: string,
  refs: readonly (keyof typeof steps)[],
  given: Partial<Definition> = {},
): DefinitionVersion {
  const definition = { key, name: key, categories: [], active: true, steps: refs.map((ref) => steps[ref]), ...given }
  return versionOf(definition)
}

export function catalogOf(...versions: DefinitionVersion[]): Catalog {
  return {
    definitions: new Map(versions.map((version) => [version.definition.key, version])),
    channels: [feedChannel, emailChannel],
  }
}
