/** One measured number, what it is held against, and whether that is enough. */
export interface Figure {
  name: string
  value: number
  unit: 'ms' | 's' | 'a second' | 'bytes' | 'MB' | 'events' | 'promises' | 'count'
  /** Lowest and highest of the repeats; `value` is their median. */
  range?: [lowest: number, highest: number]
  /** Measured in the same run of the bench. */
  baseline?: { name: string; value: number }
  /** Made by `faster` (baseline : value) or `share` (value : baseline). */
  ratio?: number
  /** Of the ratio if there is one, else of the value. */
  goal?: { atLeast: number } | { atMost: number }
  note?: string
}

/** Of something that should be small: how many times smaller than the baseline. */
export function faster(value: number, name: string, baseline: number): Pick<Figure, 'baseline' | 'ratio'> {
  return { baseline: { name, value: baseline }, ratio: baseline / value }
}

/** The plain ratio to the baseline: a share of it, or a multiple. */
export function share(value: number, name: string, baseline: number): Pick<Figure, 'baseline' | 'ratio'> {
  return { baseline: { name, value: baseline }, ratio: value / baseline }
}

/** Undefined where there is no goal. */
export function isMet({ value, ratio, goal }: Figure): boolean | undefined {
  if (goal === undefined) return undefined
  const held = ratio ?? value
  return 'atLeast' in goal ? held >= goal.atLeast : held <= goal.atMost
}
