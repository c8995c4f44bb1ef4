import { type Detector, trailing } from './streak.ts';

/** The same words in a row, without a call of a tool and with nothing new from the user. */
export const monologue: Detector = (rounds) =>
  trailing(
    'monologue',
    rounds,
    (round, before) => round.tools === '' && before.tools === '' && round.action === before.action,
    ({ action }) => action,
  );
