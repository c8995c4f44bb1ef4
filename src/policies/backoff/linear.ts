import type { Curve } from './backoff.ts';

/** `base · n`. */
export const linear: Curve = ({ base }, retry) => base * retry;
