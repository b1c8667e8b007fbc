import { z } from 'zod'
import { conditionsField } from '../conditions/field.ts'
import { jsonFault } from '../json/fault.ts'
import { isUnset } from '../json/is-unset.ts'
import { knownFields } from '../json/known-fields.ts'
import { checkLiquid, readsInLiquid } from '../templates/check-liquid.ts'
import { parseLiquid, type LiquidContext } from '../templates/liquid.ts'
import type { JsonPath } from './source.ts'

/** A field of Knock's that changes what happens and that Belay does not carry out: it may only stand there unset. */
export const unsupported = z.unknown().refine(isUnset, 'is not supported yet; leave the field out').optional()

/** One of some names; absent, null and empty are none of them: null. */
export function oneOf<const Name extends string>(names: readonly Name[], error = `must be one of ${names.join(', ')}`) {
  return z
    .literal(['', ...names], { error })
    .nullish()
    .transform((given): Name | null => (given ? given : null))
}

/** A field that only documents or decorates. */
export const ignored = z.unknown().optional()

/** An object of these fields and no other: one that says something and that Belay does not know is a problem, at its name. */
export const object = <Shape extends z.ZodRawShape>(shape: Shape) =>
  knownFields(shape, 'is not a field Belay knows, so it cannot tell what it would change')

/** Whether one of a list's objects could not be read, or one of these fields of it: what rests on them cannot be told. */
export function isUnread(issues: readonly { path?: PropertyKey[] | undefined }[], fields: readonly string[]): boolean {
  return issues.some(({ path = [] }) => path.length === 1 || (path.length > 1 && fields.includes(String(path[1]))))
}

/** Tells what is wrong at a path within, if the fields that this rests on could be read. */
export type Tell<Name> = (fields: readonly Name[], at: JsonPath, message: string) => void

/**
 * An object whose fields depend on each other. The check is made whatever else is wrong within, so that all of it is told at
 * once: a field that could not be read is absent, and what rests on it is not told.
 */
export function dependent<Shape extends z.ZodRawShape>(
  shape: Shape,
  check: (given: Partial<z.output<z.ZodObject<Shape>>>, tell: Tell<keyof Shape & string>) => void,
) {
  return object(shape).superRefine(
    (given, issues) => {
      const unread = new Set(issues.issues.map(({ path }) => path?.[0]))
      const read = Object.fromEntries(Object.entries(given).filter(([name]) => !unread.has(name)))
      check(read as Partial<z.output<z.ZodObject<Shape>>>, (fields, at, message) => {
        if (!fields.some((name) => unread.has(name)))
          issues.addIssue({ code: 'custom', path: [...at], message, input: given })
      })
    },
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  )
}

/** A text that Liquid parses, in a template of this kind. */
export const liquid = (context: LiquidContext) =>
  z.string().superRefine((text, issue) => {
    try {
      parseLiquid(text, context)
    } catch (error) {
      issue.addIssue({ code: 'custom', message: `is not a Liquid template: ${(error as Error).message}` })
    }
  })
/** As `liquid`, and more than white space. */
export const required = (context: LiquidContext) =>
  liquid(context).refine((text) => text.trim() !== '', 'must not be empty')
/** Absent, null and empty are the same. */
export const optional = (context: LiquidContext) =>
  liquid(context)
    .nullish()
    .transform((text) => (text === undefined || text === null || text.trim() === '' ? null : text))

/** Whether a text is rendered at all: any other stands for itself. */
export const hasLiquid = (text: string) => text.includes('{{') || text.includes('{%')

/** A text without Liquid is told where it ceases to be JSON: that is its line in a file of its own. */
function checkObject(text: string | null, issues: z.RefinementCtx): void {
  if (text === null || text.trim() === '' || hasLiquid(text) || isObjectText(text)) return
  const fault = jsonFault(text)
  const why = fault === null ? '' : `: ${fault.message}, line:${fault.line}, col:${fault.column}`
  const message = `must render as a JSON object, and no Liquid in it could make it one${why}`
  issues.addIssue({ code: 'custom', message })
}

/** As `optional`, and a JSON object once it is rendered: a text without Liquid is one already. */
export const optionalObject = optional('text').superRefine(checkObject)
/** The same where it must be there. */
export const requiredObject = required('text').superRefine(checkObject)

/** As `optional`, and an id or, where it begins with a bracket, JSON once it is rendered. */
export const optionalIdOrJson = optional('text').refine(
  (text) => text === null || hasLiquid(text) || !/^\s*[[{]/.test(text) || jsonIn(text) !== undefined,
  'begins as JSON does, and is none',
)

function isObjectText(text: string): boolean {
  const value = jsonIn(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Undefined: it is no JSON, or Liquid has to make it one. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The address of a request: one without Liquid is whole already. */
export const requestUrl = required('text').refine(
  (text) =>
    hasLiquid(text) || text.trim() === '' || (/^https?:\/\/[^/]/i.test(text.trim()) && URL.canParse(text.trim())),
  'must be an http:// or https:// address',
)

/** What Knock has and Belay will not, with what to do. */
const refused: Readonly<Record<string, string>> = {
  ai_agent: 'let a http_fetch step ask a service of yours, and use its answer from data',
  update_audience: 'Belay has no audiences; keep the membership in a property, by update_user',
  in_app_guide: 'guides are shown by a client of their own; an in-app message is channel_type in_app_feed',
}

/** What is told of something whose type is none that is known, and what to do where it is one of Knock’s. */
export function notOneOf(what: string, input: unknown, discriminator: string, known: string[]): string {
  if (typeof input !== 'object' || input === null) return `must be a ${what}, as an object`
  const given: unknown = (input as Record<string, unknown>)[discriminator]
  if (typeof given !== 'string') return `must have a ${discriminator}: one of ${known.join(', ')}`
  if (Object.hasOwn(refused, given)) return `${given} is not supported: ${refused[given]}`
  return `${JSON.stringify(given)} is not supported yet; supported: ${known.join(', ')}`
}

/** Conditions, compiled; null where there are none. Which steps they may name is checked for the file as a whole. */
export const conditions = conditionsField({ place: 'step', refs: null, checkLiquid })
/** Of a channel, which many workflows use. */
export const channelConditions = conditionsField({ place: 'channel', refs: null, checkLiquid, readsInLiquid })
/** Of a workflow: no step has been taken by then. */
export const workflowConditions = conditionsField({ place: 'workflow', refs: null, checkLiquid, readsInLiquid })
