import type { Curve } from './backoff.ts';

/** `base · multiplier^(n-1)`. */
export const exponential: Curve = ({ base, multiplier }, retry) => base * multiplier ** (retry - 1);
