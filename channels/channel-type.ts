import type { z } from 'zod'
import type { Channel } from '../definitions/catalog.ts'
import type { ChannelType, ContentOf, SendingType, TemplateOf } from '../definitions/channel-types.ts'
import type { Library } from '../definitions/definition.ts'
import type { Remark } from '../definitions/problem.ts'
import type { JsonPath } from '../definitions/source.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { Filler } from '../templates/filler.ts'
import type { Scope } from '../templates/scope.ts'
import type { Links } from './links.ts'
import type { PreviewPage } from './preview-page.ts'
import type { ChannelDefaults, Provider } from './provider.ts'
import type { Outgoing } from './sender.ts'

/** Everything that a channel type is: its folder makes one, and registry.ts has a line for it. */
export interface ChannelTypeEntry<Type extends ChannelType> {
  readonly type: Type
  /** The channel of the type where channels.json has none. `provider` null: nobody carries its messages then. */
  readonly fallback: { key: string; name: string; provider: string | null }
  /** Who carries its messages: `provider` of a channel in channels.json. */
  readonly providers: Readonly<Record<string, Provider<ContentOf<Type>>>>
  /** How its messages leave through a provider. Null: a message is its row, and delivered by being written. */
  readonly sending: SendingOf<Extract<Type, SendingType>> | RowsOf<Exclude<Type, SendingType>>

  /** `template` of a step in workflow.json; `idle`: what of it says nothing beside the rest, which is told at start. */
  readonly template: z.ZodType<TemplateOf<Type> & { idle?: readonly Remark[] }>
  /** `channel_overrides` of a step, which are part of its template from then on. Null: a step has none. */
  readonly overrides: z.ZodType<Partial<TemplateOf<Type>>> | null
  /** Shows that a step without `channel_type` is of this one: how its ref begins, or a text that only its template has. */
  readonly inferredFrom: { ref: RegExp; field?: string }
  /** What a template cannot be beside the shared files. Absent: they are nothing to it. */
  check?(template: TemplateOf<Type>, library: Library): { at: JsonPath; message: string }[]

  /** What of a template shows as nothing, or otherwise than meant, whatever is filled in; told at start. Absent: nothing does. */
  remarks?(template: TemplateOf<Type>, library: Library): Remark[]

  /** Throws a TemplateError. */
  render(template: TemplateOf<Type>, fill: Filler): ContentOf<Type>
  /** Adds what the settings of its channel make for one recipient. Throws a TemplateError. Absent: nothing. */
  atChannel?(content: ContentOf<Type>, place: { ref: string; scope: Scope; channel: Channel }): ContentOf<Type>
  /** Lets its links lead over ours as the message is made, of a type that no provider carries. */
  tracked?(
    content: ContentOf<Type>,
    template: TemplateOf<Type>,
    message: { messageId: string; scope: Scope; links: Links | undefined },
  ): ContentOf<Type>
  /** Each device in a recipient's channel data gets a message of its own. Absent: a recipient gets one. */
  devices?(channelData: JsonObject | undefined): readonly MessageDevice[]

  /** Files named by the step's ref, and what the index of a preview shows. */
  preview(ref: string, content: ContentOf<Type>): PreviewPage
  /** A message on one line of a timeline: its type, and its subject or what it says. */
  summary(content: ContentOf<Type>): { label: string; text: string }
  /** The message's content as the API has it. `data` may hold anything, as it was stored. */
  readonly resource: { typename: string; data(content: JsonObject): JsonObject }
}

type SendingOf<Type extends SendingType> = [Type] extends [never] ? never : Sending<ContentOf<Type>>
type RowsOf<Type> = [Type] extends [never] ? never : null

export interface Sending<Content> {
  /** Whom a message would reach, for a rehearsal. Throws NotSent as its providers do. */
  reaches(
    message: Outgoing<Content>,
    channel: Channel,
    defaults: Pick<ChannelDefaults, 'BELAY_HTTP_SECRET_HOSTS'>,
  ): string
  /** Its recipients are reached by their channel data, not by their properties. */
  needsChannelData?: true
}

/** The message's content gets its `token`; locale and time zone stand in for the recipient's. */
export interface MessageDevice {
  token: string
  locale?: string
  timezone?: string
}
