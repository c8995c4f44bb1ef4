import type { Curve } from './backoff.ts';

/** `base`, however often it was tried. */
export const fixed: Curve = ({ base }) => base;
