import { type Detector, trailing } from './streak.ts';

/** The same action with the same result in a row. */
export const repeat: Detector = (rounds) =>
  trailing(
    'repeat',
    rounds,
    (round, before) => round.tools !== '' && round.action === before.action && round.result === before.result,
    ({ action, result }) => `${action} ${result}`,
  );
