import { object, required } from '../definitions/fields.ts'

/** A link that looks like a button. Both are Liquid in a template. */
export interface Button {
  label: string
  action: string
}

export const button = object({ label: required('text'), action: required('text') })
