import { type Detector, trailing } from './streak.ts';

/** The same action in a row, with results that resemble each other. */
export const nearRepeat: Detector = (rounds) =>
  trailing(
    'near-repeat',
    rounds,
    (round, before) => round.tools !== '' && round.action === before.action && round.alike,
    ({ action }) => action,
  );
