import { type Detector, trailing } from './streak.ts';

/** One tool with other arguments each time, and always the same result that is neither empty nor an error. */
export const stagnation: Detector = (rounds) =>
  trailing(
    'stagnation',
    rounds,
    (round, before) =>
      round.tools !== '' &&
      round.tools === before.tools &&
      round.action !== before.action &&
      round.result === before.result &&
      !round.empty &&
      !round.error,
    ({ tools, result }) => `${tools} ${result}`,
  );
