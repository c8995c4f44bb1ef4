import type { Told } from './ladder.ts';

/** What a conversation has come to so far: one for all ways on from the same beginning, and never reset. */
export interface Session {
  /** On the clock's scale, in milliseconds. */
  readonly startedMs: number;
  /** What was told of its loops. */
  readonly told: Told;
  rounds: number;
  /** Of all kinds, estimated ones included. */
  tokens: number;
  costUsd: number;
}

export function createSession(startedMs: number): Session {
  return { startedMs, told: new Map(), rounds: 0, tokens: 0, costUsd: 0 };
}
