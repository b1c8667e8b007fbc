import { z } from 'zod'
import type { Route, RouteDefinition } from './route.ts'

const nothing = z.object({})

/** Types a row of the API: its handler gets what its schemas put out, and answers what its response schema takes. */
export function defineRoute<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
>(definition: RouteDefinition<Params, Query, Body, Response>): Route {
  return {
    ...definition,
    params: definition.params ?? nothing,
    query: definition.query ?? nothing,
    body: definition.body,
    handle: definition.handle as unknown as Route['handle'],
  }
}
