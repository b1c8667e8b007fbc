import { object, required } from '../fields.ts'

export const button = object({ label: required('text'), action: required('text') })
