/** So many incidents are stored, published or found to be over in one step at most, and the rest a moment later: calls wait while a step lasts. */
export const stepLimit = 100;

/** So many are told in one step, and so by one message. More than of the rest, because a group is to be few messages. */
export const toldLimit = 200;

/** Between two steps, for calls and for what is seen to together then. */
export const pauseMs = 20;

/** Longest time between two steps: the wall clock may be set meanwhile. */
export const longestSleepMs = 60_000;
