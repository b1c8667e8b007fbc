/**
 * What a key may do. `read`: whatever changes nothing. `notify`: trigger, cancel, move, tell events, mark messages.
 * `admin`: everything, also what people, objects, preferences and keys are.
 */
export const scopes = ['read', 'notify', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** Whether a key with these scopes may do what needs one. Neither `read` nor `notify` holds the other. */
export function allows(given: ReadonlySet<Scope>, needed: Scope): boolean {
  return given.has('admin') || given.has(needed)
}
