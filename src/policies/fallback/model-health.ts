import { LRUCache } from 'lru-cache';
import type { PolicyContext } from '../../core/policy.ts';
import type { State } from '../../core/state.ts';

/** How a model has done in the latest attempts, at most 128 of the last five minutes. */
export interface HealthReading {
  attempts: number;
  /** Attempts that ended well, as a fraction of 1; null where there were none. */
  successRatio: number | null;
  /** Of the attempts that began to answer; null where none did. */
  firstByteP50Ms: number | null;
}

/** Attempts that are remembered of a model. */
const samples = 128;

/** How long they are, in milliseconds. */
const windowMs = 5 * 60_000;

/** Models that are remembered of an upstream: their names come from agents. */
const models = 40;

/** Agents may send names of any length. */
const nameLength = 128;

/** Stands for calls that name no model. */
const unnamed = '';

/** How the models of one upstream do, by what the latest attempts at them came to. */
export class ModelHealth {
  readonly #clock: PolicyContext['clock'];
  readonly #byModel = new LRUCache<string, LatestAttempts>({ max: models });

  constructor(clock: PolicyContext['clock']) {
    this.#clock = clock;
  }

  /** Counts an attempt. `firstByteMs` is undefined where no answer began. */
  record(model: string | undefined, good: boolean, firstByteMs: number | undefined): void {
    const name = (model ?? unnamed).slice(0, nameLength);
    let latest = this.#byModel.get(name);
    if (!latest) {
      latest = new LatestAttempts();
      this.#byModel.set(name, latest);
    }
    latest.add(this.#clock.now(), good, firstByteMs);
  }

  /** What is known of each model, the one asked last first; `model` is null for calls that named none. */
  inspect(): ({ model: string | null } & HealthReading)[] {
    const sinceMs = this.#clock.now() - windowMs;
    return [...this.#byModel.entries()].map(([name, latest]) => ({ model: name === unnamed ? null : name, ...latest.read(sinceMs) }));
  }
}

/** The health of an upstream's models, shared by every stack. */
export function modelHealthOf({ clock, state }: { clock: PolicyContext['clock']; state: State }, upstream: string): ModelHealth {
  return state('fallback', upstream, () => new ModelHealth(clock));
}

/** A ring of attempts in plain numbers. */
class LatestAttempts {
  readonly #at = new Float64Array(samples);
  readonly #good = new Uint8Array(samples);
  /** NaN where no answer began. */
  readonly #firstByteMs = new Float64Array(samples);
  #count = 0;

  add(atMs: number, good: boolean, firstByteMs: number | undefined): void {
    const slot = this.#count % samples;
    this.#at[slot] = atMs;
    this.#good[slot] = good ? 1 : 0;
    this.#firstByteMs[slot] = firstByteMs ?? Number.NaN;
    this.#count += 1;
  }

  read(sinceMs: number): HealthReading {
    const firstByteMs: number[] = [];
    let attempts = 0;
    let good = 0;
    for (let slot = 0; slot < Math.min(this.#count, samples); slot += 1) {
      if ((this.#at[slot] ?? 0) < sinceMs) continue;
      attempts += 1;
      good += this.#good[slot] ?? 0;
      const ms = this.#firstByteMs[slot] ?? Number.NaN;
      if (!Number.isNaN(ms)) firstByteMs.push(ms);
    }
    return { attempts, successRatio: attempts === 0 ? null : good / attempts, firstByteP50Ms: median(firstByteMs) };
  }
}

/** By the nearest rank: a value that was measured. */
function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? null;
}
