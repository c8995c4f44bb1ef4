import { mulberry32 } from '../../core/mulberry32.ts';
import type { PolicyContext } from '../../core/policy.ts';
import type { ChaosSettings, Fault } from './settings.ts';

/** How long faults are injected where no end is set: nobody is to be surprised by a forgotten one. */
const defaultRunMs = 3_600_000;

/** Steps from one fault's seed to the next (2^32 over the golden ratio), so that each has numbers of its own. */
const seedStep = 0x9e3779b9;

/** One run of injected faults: what its draws have come to, what was injected, and when it is over. */
export class ChaosRun {
  readonly #clock: PolicyContext['clock'];
  readonly #settings: ChaosSettings;
  readonly #endsAt: number;
  readonly #draws: readonly (() => number)[];
  readonly #injected: number[];

  constructor(settings: ChaosSettings, { clock, random }: Pick<PolicyContext, 'clock' | 'random'>) {
    const { seed, faults } = settings;
    this.#clock = clock;
    this.#settings = settings;
    this.#endsAt = clock.now() + defaultRunMs;
    this.#draws = faults.map((_, i) => (seed === undefined ? random : mulberry32(seed + Math.imul(i, seedStep))));
    this.#injected = faults.map(() => 0);
  }

  get over(): boolean {
    const { enabled, until } = this.#settings;
    if (!enabled) return true;
    return until === undefined ? this.#clock.now() >= this.#endsAt : this.#clock.wall() >= until;
  }

  /** Whether the next attempt that this fault may hit is hit. Each call is a draw. */
  draw(index: number, { share }: Fault): boolean {
    return (this.#draws[index]?.() ?? 1) < share;
  }

  injected(index: number): void {
    this.#injected[index] = (this.#injected[index] ?? 0) + 1;
  }

  /** What it knows now, as JSON. */
  inspect(): { active: boolean; endsInMs: number; faults: { kind: string; share: number; injected: number }[] } {
    const { until, faults } = this.#settings;
    const leftMs = until === undefined ? this.#endsAt - this.#clock.now() : until - this.#clock.wall();
    return {
      active: !this.over,
      endsInMs: this.over ? 0 : leftMs,
      faults: faults.map(({ action, share }, i) => ({ kind: action.kind, share, injected: this.#injected[i] ?? 0 })),
    };
  }
}

/**
 * The run of these settings at an upstream. It is the same for every stack and stays the same over a reload: neither draws
 * anew nor begins another hour.
 */
export function chaosRun(settings: ChaosSettings, upstream: string, context: PolicyContext): ChaosRun {
  const runs = context.state('chaos', upstream, () => new Map<string, ChaosRun>());
  const key = JSON.stringify(settings);
  const known = runs.get(key);
  if (known) return known;
  const run = new ChaosRun(settings, context);
  runs.set(key, run);
  return run;
}
