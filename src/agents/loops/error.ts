import { type Detector, trailing } from './streak.ts';

/** The same error in a row, whatever the arguments. */
export const error: Detector = (rounds) =>
  trailing(
    'error',
    rounds,
    (round, before) => round.error && before.error && round.result === before.result,
    ({ result }) => result,
  );
