import { z } from 'zod'
import { DefinitionsError, problemPlace } from '../../definitions/problem.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'

const MOST_FAULTS = 100

const problem = z.object({ field: z.string(), message: z.string() })

const reload = defineRoute({
  method: 'post',
  path: '/v1/definitions/reload',
  access: 'secret',
  scope: 'admin',
  tag: 'Workflows',
  summary: 'Read the notifications folder anew',
  description:
    'All apis and workers use what it holds within 2 seconds; who sleeps keeps the version they started with. A folder with mistakes that would lose a workflow changes nothing: 422, naming each.',
  response: z.object({
    version: z.int(),
    added: z.array(z.string()),
    changed: z.array(z.string()),
    removed: z.array(z.string()),
    left_out: z.array(z.object({ workflow: z.string(), problems: z.array(problem) })),
    warnings: z.array(z.string()),
  }),
  errors: ['definitions_invalid'],
  async handle(_input, { live, log }) {
    try {
      const done = await live.reload()
      log.info(done, 'read the notifications folder anew')
      const { leftOut = new Map<string, never[]>(), warnings = [] } = live.current
      const left = [...leftOut].map(([workflow, problems]) => ({ workflow, problems: problems.map(shown) }))
      return { ...done, left_out: left, warnings: [...warnings] }
    } catch (error) {
      if (!(error instanceof DefinitionsError)) throw error
      log.error(error.message)
      const fields = error.problems.slice(0, MOST_FAULTS).map((each) => ({ ...shown(each), type: 'invalid' }))
      throw new ApiError('definitions_invalid', { fields })
    }
  },
})

function shown({ message, ...place }: Parameters<typeof problemPlace>[0] & { message: string }) {
  return { field: problemPlace(place), message }
}

export const definitionRoutes = [reload]
