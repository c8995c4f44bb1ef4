import type { Curve } from './backoff.ts';

/** `base · fib(n)` with 1, 1, 2, 3, 5, …; as soon as the maximum is passed there is no need to go on. */
export const fibonacci: Curve = ({ base, max }, retry) => {
  let waitMs = base;
  let nextMs = base;
  for (let step = 1; step < retry && waitMs < max; step += 1) {
    [waitMs, nextMs] = [nextMs, waitMs + nextMs];
  }
  return waitMs;
};
