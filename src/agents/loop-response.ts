import type { Clock } from '../core/clock.ts';
import type { Event } from '../core/event.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Agents } from './agents.ts';
import { describeLoop } from './describe-loop.ts';
import type { Finding } from './loops/judge-rounds.ts';
import { climb, rank, type Step, type Told } from './loops/ladder.ts';
import type { Evidence } from './pauses.ts';

/** What is to be done now, and about what. */
export interface Due {
  readonly step: Step;
  readonly evidence: Evidence;
}

/** Tells of loops, and pauses agents for them. */
export class LoopResponse {
  readonly #agents: Agents;
  readonly #clock: Clock;
  readonly #observe: boolean;

  constructor(agents: Agents, clock: Clock, observe: boolean) {
    this.#agents = agents;
    this.#clock = clock;
    this.#observe = observe;
  }

  /** Tells what is due of the findings. Gives the gravest, for the caller to act on; undefined where nothing is to be done. */
  tell(exchange: Exchange, findings: readonly Finding[], action: Step, told: Told): Due | undefined {
    let gravest: Due | undefined;
    for (const finding of findings) {
      const step = climb(finding, action, told);
      if (!step) continue;
      const { kind, count, tools } = finding;
      this.note(exchange, { kind: 'loop-detected', attempt: 0, loop: kind, action: step, count, tool: tools });
      if (!gravest || rank[step] > rank[gravest.step]) gravest = { step, evidence: evidenceOf(finding) };
    }
    return this.#observe ? undefined : gravest;
  }

  /** Tells an event; in observe mode as what would have been. */
  note(exchange: Exchange, event: Exclude<Event, { kind: 'would' }>): void {
    exchange.note(this.#observe ? { kind: 'would', attempt: 0, event } : event);
  }

  /** Pauses the agent of a call. */
  pause(exchange: Exchange, evidence: Evidence): void {
    const { name, principal = '' } = exchange.agent;
    const reason = describeLoop(evidence);
    const pause = { agent: name, principal, reason, by: 'loop', sinceMs: this.#clock.wall(), evidence } as const;
    if (this.#agents.pauses.add(pause)) exchange.note({ kind: 'agent-paused', attempt: 0, agent: name, reason });
  }
}

function evidenceOf({ kind, count, tools, first, last, fingerprint }: Finding): Evidence {
  return { kind, count, tool: tools, firstRound: first + 1, lastRound: last + 1, fingerprint };
}
