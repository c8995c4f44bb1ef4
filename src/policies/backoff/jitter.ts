/**
 * Spreads waits, so that callers who failed together do not come back together. `equal` keeps half and draws the other
 * half, `full` draws all of it; both are uniform and never above the wait itself. Source: Marc Brooker, "Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export const jitters = {
  none: (waitMs: number) => waitMs,
  equal: (waitMs: number, random: () => number) => waitMs / 2 + (random() * waitMs) / 2,
  full: (waitMs: number, random: () => number) => random() * waitMs,
} as const;

export type Jitter = keyof typeof jitters;
