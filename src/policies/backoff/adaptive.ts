import type { Curve } from './backoff.ts';
import { exponential } from './exponential.ts';

/** How much longer a wait is where retries have never helped, and how much shorter where they always have. */
const reach = 4;

/**
 * The exponential wait, stretched where retries have seldom helped lately and shortened where they mostly have: from four
 * times as long to a quarter, as it is at one half, and never below `base`.
 */
export const adaptive: Curve = (settings, retry, helpedShare) =>
  Math.max(settings.base, Math.min(exponential(settings, retry, helpedShare), settings.max) * reach ** (1 - 2 * helpedShare));
