import type { Channel } from '../definitions/catalog.ts'
import type { ChannelType, ContentOf } from '../definitions/channel-types.ts'
import type { ChannelStep } from '../definitions/step.ts'
import { Filler, TemplateError } from '../templates/filler.ts'
import type { Scope } from '../templates/scope.ts'
import { channelTypeOf } from './registry.ts'

/** What a message of some channel type is: kept with it, shown by the API in Knock's shape, sent by its channel. */
type Content = ContentOf<ChannelType>

/** Longest message, in bytes of its JSON, attachments aside. */
const MESSAGE_LIMIT = 800_000

/**
 * Renders a step's template for one recipient, at once. What is shown otherwise than asked, such as a time in UTC for want
 * of the recipient's zone, is a warning of the scope's (`takeWarnings`). Throws a TemplateError.
 */
export function renderStep(step: ChannelStep, scope: Scope): Content {
  const fill = new Filler(step.ref, scope)
  const content = channelTypeOf(step.channelType).render(step.template, fill)
  // Each text is bounded by itself, so that only texts of many fields can pass this.
  if (fill.written > MESSAGE_LIMIT / 4 && Buffer.byteLength(JSON.stringify(content)) > MESSAGE_LIMIT) {
    throw new TemplateError(step.ref, 'template', `the message is longer than ${MESSAGE_LIMIT} bytes`)
  }
  return content
}

/** The same at one of the step's channels, whose settings may add to it. Throws a TemplateError. */
export function renderAt(step: ChannelStep, scope: Scope, channel: Channel | undefined): Content {
  const content = renderStep(step, scope)
  if (channel === undefined) return content
  return channelTypeOf(step.channelType).atChannel?.(content, { ref: step.ref, scope, channel }) ?? content
}
