import type { CircuitState } from '../core/event.ts';
import type { PolicyContext } from '../core/policy.ts';
import { FailureWindow, type TripRule } from './failure-window.ts';

/** The limits in force, given at every call so that a reload acts at once. Times are milliseconds. */
export interface CircuitRule extends TripRule {
  cooldown: number;
  cooldownMax: number;
  /** Calls let through at a time while half-open, and as many successes close the circuit. */
  probes: number;
  /** How long after its probes have closed it not all calls pass, but more and more of them; 0 or undefined for at once. */
  slowStart?: number | undefined;
}

/**
 * What a call says of its upstream. `alive`: it answers, which is enough for a probe and counts for nothing else;
 * `nothing`: it was never asked to the end.
 */
export type Evidence = 'success' | 'failure' | 'alive' | 'nothing';

/** Everything that outlives the process, as JSON. The calls of the window and a slow start do not. */
export interface CircuitSnapshot {
  state: CircuitState;
  forced: 'open' | 'closed' | null;
  /** Until it is half-open; 0 where it is not open, or open by force. */
  openForMs: number;
  /** How often it has re-opened since it was last closed. */
  reopened: number;
  /** Failures in a row. */
  run: number;
  why: string;
  /** Whether it has only just been closed by probes; `export` leaves that out. */
  slow?: boolean;
}

/** What `admit` answers where a call may not pass; an admission is never 0. */
export const refused = 0;

/** The share of calls that pass at the beginning of a slow start, as a fraction of 1; it grows evenly to all of them. */
const firstShare = 0.1;

/**
 * A circuit breaker's state machine. A call is admitted, decided when its outcome is known and counted when its body has
 * ended; each admission carries a generation, and what comes from before the circuit last opened is ignored. It changes
 * at most once in each of its methods; whoever calls compares `state` before and after, and `why` tells the reason.
 */
export class Circuit {
  readonly #clock: PolicyContext['clock'];
  readonly #random: PolicyContext['random'];
  readonly #onOpened: () => void;
  readonly #window = new FailureWindow();
  #state: CircuitState = 'closed';
  #why = '';
  #forced: 'open' | 'closed' | undefined;
  #generation = 1;
  #openUntil = 0;
  #reopened = 0;
  #probing = 0;
  #passed = 0;
  /** When its probes closed it, while a slow start may still be going on. */
  #recoveredAt: number | undefined;
  /** Of a slow start: what the calls so far add up to that the next may pass for; it passes at 1. */
  #due = 1;

  /** `onOpened` is called at once whenever the circuit opens. */
  constructor({ clock, random }: Pick<PolicyContext, 'clock' | 'random'>, onOpened: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#onOpened = onOpened;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Why the circuit is in the state that it is in. */
  get why(): string {
    return this.#why;
  }

  /** Whether it lets nobody pass now: it is open and its cooldown is not over. */
  get shut(): boolean {
    return this.#state === 'open' && (this.#forced === 'open' || this.#clock.now() < this.#openUntil);
  }

  /** Until it is half-open, in milliseconds; 0 where it is not open, or open by force. */
  get openForMs(): number {
    return this.#state === 'open' && !this.#forced ? Math.max(0, this.#openUntil - this.#clock.now()) : 0;
  }

  /** Whether it is closed and lets only a share of the calls pass yet. */
  get slow(): boolean {
    return this.#recoveredAt !== undefined;
  }

  /** An admission for `decide` and `count`, or `refused`. */
  admit(rule: CircuitRule): number {
    if (this.#state === 'closed') {
      return this.#recoveredAt !== undefined && this.#isHeldBack(this.#recoveredAt, rule) ? refused : this.#generation;
    }
    if (this.#state === 'open') {
      if (this.shut) return refused;
      this.#enter('half-open', 'the cooldown is over');
    }
    if (this.#probing >= rule.probes) return refused;
    this.#probing += 1;
    return this.#generation;
  }

  /** The outcome of an admitted call is known. Called once for each; decides the probes. */
  decide(admission: number, evidence: Evidence, rule: CircuitRule, retryAfterMs?: number): void {
    // While half-open, every admission of this generation is a probe.
    if (admission !== this.#generation || this.#state !== 'half-open') return;
    this.#probing -= 1;
    if (evidence === 'nothing') return;
    if (evidence === 'failure') {
      this.#open('a probe failed', rule, retryAfterMs);
      return;
    }
    this.#passed += 1;
    // The generation goes on: a probe that ends badly later counts as any other call of the closed circuit.
    if (this.#passed < rule.probes) return;
    this.#become('closed', `${this.#passed} probes succeeded`);
    this.#recoveredAt = rule.slowStart ? this.#clock.now() : undefined;
    this.#due = 1;
  }

  /** An admitted call has ended. */
  count(admission: number, evidence: Evidence, rule: CircuitRule, retryAfterMs?: number): void {
    if (admission !== this.#generation || this.#forced) return;
    if (evidence !== 'success' && evidence !== 'failure') return;
    const why = this.#window.record(evidence === 'failure', this.#clock.now(), rule);
    if (why !== undefined) this.#open(why, rule, retryAfterMs);
  }

  /** Holds the circuit open or closed until it is forced otherwise; `undefined` gives it back to its rule. */
  force(to: 'open' | 'closed' | undefined): void {
    const was = this.#forced;
    this.#forced = to;
    if (to) this.#enter(to, 'forced by an operator');
    else if (was === 'open') this.#enter('half-open', 'given back by an operator');
  }

  /** What it knows now, as JSON. */
  inspect(): CircuitSnapshot & { generation: number; calls: number; failures: number; probing: number } {
    return {
      ...this.export(),
      generation: this.#generation,
      ...this.#window.counts(this.#clock.now()),
      probing: this.#state === 'half-open' ? this.#probing : 0,
    };
  }

  /** What `restore` takes. */
  export(): CircuitSnapshot {
    return {
      state: this.#state,
      forced: this.#forced ?? null,
      openForMs: this.openForMs,
      reopened: this.#reopened,
      run: this.#window.counts(this.#clock.now()).run,
      why: this.#why,
    };
  }

  /** Goes on from an export. What was admitted before is ignored from then on. */
  restore({ state, forced, openForMs, reopened, run, why, slow = false }: CircuitSnapshot): void {
    this.#forced = forced ?? undefined;
    this.#openUntil = this.#clock.now() + openForMs;
    this.#reopened = reopened;
    this.#enter(state, why);
    this.#window.reset(run);
    if (slow) this.#recoveredAt = this.#clock.now();
    this.#due = 1;
  }

  /** Spread evenly and not drawn: of ten calls at a share of a fifth the first and the sixth pass. */
  #isHeldBack(since: number, { slowStart = 0 }: CircuitRule): boolean {
    const elapsedMs = this.#clock.now() - since;
    if (elapsedMs >= slowStart) {
      this.#recoveredAt = undefined;
      return false;
    }
    // Ten tenths fall a little short of one.
    const held = this.#due < 1 - 1e-6;
    this.#due += Math.max(firstShare, elapsedMs / slowStart) - (held ? 0 : 1);
    return held;
  }

  #open(why: string, rule: CircuitRule, retryAfterMs: number | undefined): void {
    this.#reopened = this.#state === 'half-open' ? this.#reopened + 1 : 0;
    this.#openUntil = this.#clock.now() + this.#cooldownMs(rule, retryAfterMs);
    this.#enter('open', why);
  }

  /** What the upstream asked for, else a cooldown that doubles, ±20 % so that replicas do not probe in step. */
  #cooldownMs({ cooldown, cooldownMax }: CircuitRule, retryAfterMs: number | undefined): number {
    if (retryAfterMs !== undefined && retryAfterMs > 0) return Math.min(retryAfterMs, cooldownMax);
    const doubled = Math.min(cooldown * 2 ** Math.min(this.#reopened, 30), cooldownMax);
    return Math.min(doubled * (0.8 + 0.4 * this.#random()), cooldownMax);
  }

  /** A state that calls from before have no say in. */
  #enter(state: CircuitState, why: string): void {
    this.#generation += 1;
    this.#probing = 0;
    this.#passed = 0;
    this.#window.reset();
    this.#become(state, why);
  }

  #become(state: CircuitState, why: string): void {
    this.#state = state;
    this.#why = why;
    this.#recoveredAt = undefined;
    if (state === 'open') this.#onOpened();
  }
}
