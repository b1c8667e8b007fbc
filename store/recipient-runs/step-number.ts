import { sql, type SQL } from 'drizzle-orm'

/**
 * How records number a step of a recipient run: from 0 in the version of its trigger; from -1 downwards in the one in which it
 * went on when its batch in `latest` mode closed, which happens once at most. So each number stands for one step for ever.
 */
export function stepNumber(index: number, { hasMoved }: { hasMoved: boolean }): number {
  return hasMoved ? -1 - index : index
}

/** The step that a number stands for, as JSON: `first` and `moved` are the contents of the two versions. */
export function stepNumbered(number: SQL, { first, moved }: { first: SQL; moved: SQL }): SQL {
  return sql`case when ${number} < 0 then ${moved} -> 'steps' -> (-1 - ${number})::int
    else ${first} -> 'steps' -> ${number}::int end`
}

/** The index of a numbered step, in whichever version it is. */
export function stepIndex(number: SQL): SQL {
  return sql`(case when ${number} < 0 then -1 - ${number} else ${number} end)`
}
