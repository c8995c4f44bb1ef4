import type { Curve } from './backoff.ts';

/** `base · fib(n)` with 1, 1, 2, 3, 5, … */
export const fibonacci: Curve = ({ base }, retry) => {
  let waitMs = base;
  let nextMs = base;
  for (let step = 1; step < retry; step += 1) {
    [waitMs, nextMs] = [nextMs, waitMs + nextMs];
  }
  return waitMs;
};
