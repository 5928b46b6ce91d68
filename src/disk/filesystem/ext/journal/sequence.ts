/** Whether transaction `a` comes after `b`. Their 32-bit numbers wrap around to 0. */
export function isLater(a: number, b: number): boolean {
  return ((a - b) | 0) > 0
}

/** The number of the transaction after `sequence`. */
export function next(sequence: number): number {
  return (sequence + 1) >>> 0
}
