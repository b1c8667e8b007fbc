/**
 * What there is of each channel type, by its name: the `template` of its steps, and the `content` that a message of it is,
 * plain JSON both. Each type adds itself from its folder in channels/, by `declare module`; one whose messages
 * no provider carries says `isItsRow: true` beside them.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- each type's folder adds its own line
export interface ChannelTypes {}
export type ChannelType = keyof ChannelTypes
export type TemplateOf<Type extends ChannelType> = ChannelTypes[Type]['template']
export type ContentOf<Type extends ChannelType> = ChannelTypes[Type]['content']

/** Types whose messages leave through a provider. Of any other a message is its row, and delivered by being written. */
export type SendingType = {
  [Type in ChannelType]: ChannelTypes[Type] extends { isItsRow: true } ? never : Type
}[ChannelType]
