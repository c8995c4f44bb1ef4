import type { Curve } from './backoff.ts';

/** `base · multiplier^(n-1)`; the power is kept finite, so that a base of 0 stays 0 and does not become NaN. */
export const exponential: Curve = ({ base, multiplier }, retry) => base * Math.min(multiplier ** (retry - 1), Number.MAX_VALUE);
