import type { Stack } from '../demo/stack.ts'

/** A figure of the product, and beside it what it is compared with in the same run: machines are noisy. */
export interface Figure {
  /** As it is called in the file of `--json`. */
  readonly name: string
  readonly value: number
  /** `ms`, `s`, `x` (a ratio), ... */
  readonly unit: string
  /** What it is, in a few words. */
  readonly what: string
}

/** Something that is measured: a file of this folder. */
export interface Measurement {
  /** For `--only`. */
  readonly name: string
  run(stack: Stack, progress: (line: string) => void): Promise<readonly Figure[]>
}

/** The value below which this part of them lies. @param part in [0, 1] */
export const quantile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
