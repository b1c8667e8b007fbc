/**
 * What sleeps in a run: `run`, a recipient run; `<step type>/act`, one whose step acts on the outside; or
 * `<channel type>/<number>`, the message with that number of a recipient run. A row id is in a lane at most once.
 */
export type Lane = string
export const RUN_LANE: Lane = 'run'

/** Ends the lane of recipient runs whose step acts on the outside, `<step type>/act`: one that waits for an answer leaves walks their slots. */
const ACT = '/act'

/** Whether recipient runs sleep in it that act on the outside. */
export function isActLane(lane: Lane): boolean {
  return lane.endsWith(ACT)
}

/** The lane of recipient runs that stand in a step of this kind, which acts on the outside. */
export function actLane(stepType: string): Lane {
  return stepType + ACT
}
