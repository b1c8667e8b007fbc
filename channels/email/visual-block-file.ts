import { z } from 'zod'
import { ignored, liquid, notOneOf, object, oneOf, optional } from '../../definitions/fields.ts'
import { looseFields } from '../../json/known-fields.ts'
import { button } from '../button.ts'

const pixels = z.number().min(0).max(1_000).nullish()

/** What a loose object does not name changes a look at most: it is told at start, and nothing is refused. */
const layoutAttrs = looseFields({
  padding_top: pixels,
  padding_right: pixels,
  padding_bottom: pixels,
  padding_left: pixels,
  horizontal_align: oneOf(['left', 'center', 'right']),
  column_gap: pixels,
}).nullish()

const edgesOf = (attrs: z.output<typeof layoutAttrs>) => ({
  top: attrs?.padding_top ?? 8,
  right: attrs?.padding_right ?? 4,
  bottom: attrs?.padding_bottom ?? 8,
  left: attrs?.padding_left ?? 4,
  align: attrs?.horizontal_align ?? null,
})

/** What keeps a value from leaving the style it stands in: no quote, no semicolon, no bracket. */
const color = z
  .string()
  .regex(/^(?:|#[0-9a-fA-F]{3,8}|[a-zA-Z_]{1,60}|rgba?\([0-9., %]{1,60}\))$/, 'must be a colour such as #18181b')
  .nullish()
  .transform((given) => (given ? given : null))

const emailButton = object({
  ...button.shape,
  id: ignored,
  version: ignored,
  variant: oneOf(['solid', 'outline']),
  layout_attrs: ignored,
  size_attrs: looseFields({ size: oneOf(['sm', 'md', 'lg']), is_fullwidth: z.boolean().nullish() }).nullish(),
  style_attrs: looseFields({
    background_color: color,
    text_color: color,
    border_color: color,
    border_width: pixels,
    border_radius: pixels,
  }).nullish(),
}).transform(({ label, action, variant, size_attrs: size, style_attrs: style }) => ({
  label,
  action,
  look: {
    variant: variant ?? ('solid' as const),
    size: size?.size ?? ('md' as const),
    fullWidth: size?.is_fullwidth ?? false,
    backgroundColor: style?.background_color ?? null,
    textColor: style?.text_color ?? null,
    borderColor: style?.border_color ?? null,
    borderWidth: style?.border_width ?? null,
    radius: style?.border_radius ?? 6,
  },
}))

const decoration = { id: ignored, version: ignored, variant: ignored, name: ignored }
const block = { ...decoration, style_attrs: looseFields({}).nullish(), layout_attrs: layoutAttrs }

const simpleBlock = [
  object({ type: z.literal('markdown'), content: liquid('markdown'), ...block }).transform(
    ({ type, content, layout_attrs }) => ({ type, content, edges: edgesOf(layout_attrs) }),
  ),
  object({ type: z.literal('html'), content: liquid('html'), ...block }).transform(
    ({ type, content, layout_attrs }) => ({ type, content, edges: edgesOf(layout_attrs) }),
  ),
  object({ type: z.literal('button_set'), buttons: z.array(emailButton), ...block }).transform(
    ({ type, buttons, layout_attrs }) => ({
      type,
      buttons,
      gap: layout_attrs?.column_gap ?? 8,
      edges: edgesOf(layout_attrs),
    }),
  ),
  object({ type: z.literal('divider'), ...block }).transform(({ type, layout_attrs }) => ({
    type,
    edges: edgesOf(layout_attrs),
  })),
  object({
    ...block,
    type: z.literal('image'),
    url: optional('text'),
    alt: z.string().nullish(),
    action: optional('text'),
    style_attrs: looseFields({
      width: z
        .string()
        .regex(/^(?:\d{1,4}(?:px|%))?$/, 'must be a width such as 100% or 320px')
        .nullish(),
    }).nullish(),
  }).transform(({ type, url, alt, action, style_attrs, layout_attrs }) => ({
    type,
    url: url ?? '',
    alt: alt ?? '',
    action,
    width: style_attrs?.width ? style_attrs.width : null,
    edges: edgesOf(layout_attrs),
  })),
  object({
    ...block,
    layout_attrs: looseFields({}).nullish(),
    type: z.literal('partial'),
    key: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be the key of a partial'),
    attrs: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.union([liquid('text'), z.number(), z.boolean()])).nullish(),
  }).transform(({ type, key, attrs }) => ({
    type,
    key,
    attrs: Object.fromEntries(Object.entries(attrs ?? {}).map(([name, value]) => [name, String(value)])),
  })),
] as const

const blockTypes = ['markdown', 'html', 'button_set', 'divider', 'image', 'partial']
const columnBlock = z.discriminatedUnion('type', simpleBlock, {
  error: (issue) => notOneOf('block', issue.input, 'type', blockTypes),
})

/** A block of an e-mail; a row holds others in its columns. */
export const visualBlock = z.discriminatedUnion(
  'type',
  [
    ...simpleBlock,
    object({
      ...block,
      type: z.literal('row'),
      columns: z
        .array(looseFields({ ...decoration, type: ignored, blocks: z.array(columnBlock) }))
        .min(1)
        .max(6),
    }).transform(({ type, columns, layout_attrs }) => ({
      type,
      columns: columns.map((column) => column.blocks),
      edges: edgesOf(layout_attrs),
    })),
  ],
  { error: (issue) => notOneOf('block', issue.input, 'type', [...blockTypes, 'row']) },
)
