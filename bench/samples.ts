/** The value below which this share of the samples lies, 0 to 1. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('no samples')
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

/** The median of repeats, with the lowest and the highest. */
export function repeated(samples: readonly number[]): { value: number; range: [number, number] } {
  return { value: percentile(samples, 0.5), range: [Math.min(...samples), Math.max(...samples)] }
}

export function mean(samples: readonly number[]): number {
  return samples.reduce((sum, sample) => sum + sample, 0) / samples.length
}
