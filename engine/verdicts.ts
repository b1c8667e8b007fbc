import { outcomes, type Outcome, type Verdict } from '../store/recipient-runs/verdict.ts'

/** What one answer lists at most: verdicts; and in them, together, a recipient's runs and archived messages. */
const MAX_LISTED = 10_000

/** The verdicts of one answer. The sums are complete; what is listed is bounded, and says where it is cut. */
export class Verdicts {
  readonly #listed: Verdict[] = []
  readonly #summary = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  #left = MAX_LISTED
  #applied = false
  #truncated = false

  add(verdict: Verdict): void {
    for (const outcome of outcomes) this.#summary[outcome] += verdict.summary[outcome]
    this.#applied ||= verdict.status === 'applied'
    const listed = this.#cut(verdict)
    this.#truncated ||= listed.truncated ?? false
    if (this.#listed.length < MAX_LISTED) this.#listed.push(listed)
    else this.#truncated = true
  }

  answer() {
    return {
      status: this.#applied ? ('applied' as const) : ('nothing_pending' as const),
      summary: this.#summary,
      verdicts: this.#listed,
      ...(this.#truncated && { truncated: true as const }),
    }
  }

  #cut(verdict: Verdict): Verdict {
    const recipients: Verdict['recipients'] = []
    let isCut = false
    for (const entry of verdict.recipients) {
      if (this.#left === 0) {
        isCut = true
        break
      }
      const runs = entry.runs.slice(0, this.#left)
      isCut ||= runs.length < entry.runs.length
      // Who is in no run takes a place, too.
      this.#left -= Math.max(runs.length, 1)
      recipients.push({ ...entry, runs })
    }
    const archived = verdict.archived.slice(0, this.#left)
    this.#left -= archived.length
    isCut ||= archived.length < verdict.archived.length
    return { ...verdict, recipients, archived, ...(isCut && { truncated: true as const }) }
  }
}
