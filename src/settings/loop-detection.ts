import { z } from 'zod';
import { count, duration } from './units.ts';

/** Rounds that are kept of a conversation: no loop is longer. */
export const roundsKept = 64;

/** Among so many of the last rounds `interleaved` looks. */
export const interleavedAmong = 32;

const threshold = z.int().min(2);

/** From which count on a kind of loop is told, and acted on. */
function thresholds(warn: number, act: number) {
  return z.strictObject({ warn: threshold.default(warn), act: threshold.default(act) }).prefault({});
}

/** From which count on a kind of loop is told that nothing is ever done about. */
function toldFrom(warn: number) {
  return z.strictObject({ warn: threshold.default(warn) }).prefault({});
}

const kinds = z
  .strictObject({
    /** The same action with the same result in a row. */
    repeat: thresholds(3, 4),
    /** The same action in a row, with results that resemble each other. */
    'near-repeat': thresholds(3, 5),
    /** Periods of two to five rounds that are gone through again with equal results. */
    cycle: thresholds(2, 3),
    /** The same error in a row, whatever the arguments. */
    error: thresholds(3, 5),
    /** The same words in a row, with no tool called and nothing new from the user. */
    monologue: thresholds(3, 5),
    /** The same action with the same result among the last 32 rounds, with nothing changed between. Never acted on. */
    interleaved: toldFrom(4),
    /** The same result of one tool for other arguments each time. Never acted on. */
    stagnation: toldFrom(6),
    /** The same request within a minute, again and again after good answers. Never acted on. */
    storm: toldFrom(5),
    /** Rounds with a tool that is there to be asked again and again, in place of the counts above. */
    poll: thresholds(10, 20),
  })
  .prefault({});

export const loopDetectionSettings = z.strictObject({
  /** The last step of the ladder: tell of a loop, put a note to the model into its next request, or pause the agent. */
  action: z.enum(['warn', 'nudge', 'pause']).default('warn'),
  kinds,
  /** Two rounds that are further apart belong to no loop. */
  window: duration.prefault('10m'),
  /** Keys of arguments whose values do not count, such as a time or an id of the request. */
  ignoreArguments: z.array(z.string().min(1)).default([]),
  /** Tools that are there to be asked until something has happened, beside those whose name says so. */
  pollTools: z.array(z.string().min(1)).default([]),
  /** Tools that are not looked at. */
  exemptTools: z.array(z.string().min(1)).default([]),
  /** Limits of one session. Told at 80 %; at 100 % acted on as `action` says. */
  caps: z
    .strictObject({
      rounds: count.optional(),
      tokens: count.optional(),
      costUsd: z.number().positive().optional(),
      wallTime: duration.optional(),
    })
    .prefault({}),
  /** A streamed answer that says the same over and over: tell of it, or break it off. */
  stream: z.enum(['warn', 'abort']).default('warn'),
  observe: z.boolean().default(false),
});

export type LoopDetectionSettings = z.output<typeof loopDetectionSettings>;
