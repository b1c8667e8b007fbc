import type { z } from 'zod'

type Issues = readonly z.core.$ZodIssue[]

/** The only branch of a union that takes a value of this type, by what it says of it; undefined: there is not one alone. */
export function branchOfType(branches: readonly Issues[]): Issues | undefined {
  const [branch, ...others] = branches.filter(
    (issues) => issues.length > 0 && !issues.some(({ code, path }) => path.length === 0 && code === 'invalid_type'),
  )
  return others.length === 0 ? branch : undefined
}

/** The same union: what is wrong within a value of one branch's type is told at its place, not as a fault of the whole. */
export function toldWithin<Options extends readonly z.core.SomeType[]>(
  union: z.ZodUnion<Options>,
): z.ZodUnion<Options> {
  return union.superRefine(
    (_given, { issues }) => {
      const [issue] = issues
      if (issues.length !== 1 || issue?.code !== 'invalid_union') return
      const within = branchOfType(issue.errors)
      if (within !== undefined)
        issues.splice(0, 1, ...(within.map((each) => ({ ...each, path: [...each.path] })) as typeof issues))
    },
    { when: ({ issues }) => issues.length > 0 },
  )
}
