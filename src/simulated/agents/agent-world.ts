import type { Clock } from '../../core/clock.ts';

/** What a simulated agent lives in. */
export interface AgentWorld {
  /** Base address of the sidecar, and of its admin port. */
  readonly proxy: string;
  readonly admin: string;
  readonly adminToken: string | undefined;
  readonly clock: Clock;
  /** Chance of the agent's own, in [0, 1). */
  readonly random: () => number;
  /** Aborted when the agent is to stop. */
  readonly signal: AbortSignal;
}

/** A program that calls the sidecar as a real one would. */
export interface SimulatedAgent {
  /** What it is known by. */
  readonly name: string;
  /** Does one piece of work. Rejects where a connection breaks; what comes after it is the next piece. */
  work(world: AgentWorld): Promise<void>;
  /** How long it rests between two pieces, at most. */
  readonly restMs: number;
}

/** One of them. */
export function pick<T>(choices: readonly [T, ...T[]], { random }: Pick<AgentWorld, 'random'>): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}
