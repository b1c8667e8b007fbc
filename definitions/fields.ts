import { z } from 'zod'
import { conditionsField } from '../conditions/field.ts'
import { parseLiquid, type LiquidContext } from '../templates/liquid.ts'

/** A field of Knock's that changes what happens and that Belay does not carry out: it may only stand there unset. */
export const unsupported = z.unknown().refine(isUnset, 'is not supported yet; leave the field out').optional()

function isUnset(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  )
}

/** A field that only documents or decorates. */
export const ignored = z.unknown().optional()

export const object = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? 'is not a field Belay knows, so it cannot tell what it would change'
        : undefined,
  })

export const liquid = (context: LiquidContext) =>
  z.string().superRefine((text, issue) => {
    try {
      parseLiquid(text, context)
    } catch (error) {
      issue.addIssue({ code: 'custom', message: `is not a Liquid template: ${(error as Error).message}` })
    }
  })
export const required = (context: LiquidContext) =>
  liquid(context).refine((text) => text.trim() !== '', 'must not be empty')
/** Absent, null and empty are the same. */
export const optional = (context: LiquidContext) =>
  liquid(context)
    .nullish()
    .transform((text) => (text === undefined || text === null || text.trim() === '' ? null : text))

export function notOneOf(what: string, input: unknown, discriminator: string, known: string[]): string {
  if (typeof input !== 'object' || input === null) return `must be a ${what}, as an object`
  const given: unknown = (input as Record<string, unknown>)[discriminator]
  if (typeof given !== 'string') return `must have a ${discriminator}: one of ${known.join(', ')}`
  return `${JSON.stringify(given)} is not supported yet; supported: ${known.join(', ')}`
}

/** Conditions, compiled; null where there are none. Which steps they may name is checked for the file as a whole. */
export const conditions = conditionsField({ place: 'step', refs: null, checkLiquid })
/** Of a workflow: no step has been taken by then. */
export const workflowConditions = conditionsField({ place: 'workflow', refs: null, checkLiquid })

function checkLiquid(template: string): string | null {
  try {
    parseLiquid(template, 'text')
    return null
  } catch (error) {
    return `is not a Liquid template: ${(error as Error).message}`
  }
}
