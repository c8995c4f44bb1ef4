import type { CircuitState, Event } from '../core/event.ts';
import type { Admission } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import type { Failure } from '../core/outcome.ts';
import type { PolicyContext } from '../core/policy.ts';
import { Circuit, type CircuitRule, type CircuitSnapshot, refused } from './circuit.ts';
import { placesOf } from './places.ts';

/** The circuits of one upstream, as JSON. */
export interface CircuitsSnapshot extends CircuitSnapshot {
  models: Record<string, CircuitSnapshot>;
}

type Transition = Extract<Event, { kind: 'circuit' }>;

/** How long a refused call is told to wait where nobody knows: while probes are out or a slow start, and while a circuit is held open. */
const probingMs = 1000;
const heldOpenMs = 30_000;

/**
 * The circuits of one upstream: its own and, where it is asked for, one of each model that the configuration names. A
 * call for such a model counts for the model's circuit alone and is refused by either; all others share the upstream's.
 */
export class Circuits {
  readonly shared: Lane;
  #models: ReadonlyMap<string, Lane> = new Map();
  readonly #make: (model: string | undefined, above: Circuit | undefined) => Lane;

  /** `onOpened` is called at once whenever one of them opens. */
  constructor(upstream: string, context: Pick<PolicyContext, 'clock' | 'random'>, onOpened: () => void) {
    const make = (model: string | undefined, above: Circuit | undefined) =>
      new Lane(new Circuit(context, onOpened), above, upstream, model);
    this.#make = make;
    this.shared = this.#make(undefined, undefined);
  }

  /** Keeps circuits for these models and no others. */
  name(models: readonly string[]): void {
    const known = this.#models;
    this.#models = new Map(models.map((model) => [model, known.get(model) ?? this.#make(model, this.shared.circuit)]));
  }

  /** Where a call for the model passes. */
  lane(model: string | undefined): Lane {
    return (model !== undefined && this.#models.get(model)) || this.shared;
  }

  /** The worst state of them all. */
  get worst(): CircuitState {
    const states = new Set([this.shared, ...this.#models.values()].map(({ circuit }) => circuit.state));
    if (states.has('open')) return 'open';
    return states.has('half-open') ? 'half-open' : 'closed';
  }

  /** Share of the calls in the window that failed, of the circuit where it is the largest. */
  get failureRatio(): number {
    const counts = [this.shared, ...this.#models.values()].map(({ circuit }) => circuit.inspect());
    return Math.max(...counts.map(({ calls, failures }) => (calls > 0 ? failures / calls : 0)));
  }

  /**
   * Holds a circuit open or closed, or (`undefined`) gives it back to its rule: that of a model, else the upstream's.
   * Returns the event to publish, if this has changed its state. A model without a circuit changes nothing.
   */
  force(to: 'open' | 'closed' | undefined, model?: string): Transition | undefined {
    const lane = model === undefined ? this.shared : this.#models.get(model);
    if (!lane) return undefined;
    const from = lane.circuit.state;
    lane.circuit.force(to);
    return lane.transition(from, 0);
  }

  inspect(): unknown {
    const models = Object.fromEntries([...this.#models].map(([model, { circuit }]) => [model, circuit.inspect()]));
    return { ...this.shared.circuit.inspect(), models };
  }

  /** What `restore` takes: for another process, or after a restart. */
  export(): CircuitsSnapshot {
    const models = Object.fromEntries([...this.#models].map(([model, { circuit }]) => [model, circuit.export()]));
    return { ...this.shared.circuit.export(), models };
  }

  /** Goes on from an export; models that the configuration no longer names are left out. */
  restore({ models, ...shared }: CircuitsSnapshot): void {
    this.shared.circuit.restore(shared);
    for (const [model, snapshot] of Object.entries(models)) this.#models.get(model)?.circuit.restore(snapshot);
  }
}

/** The circuits of an upstream, shared by every stack. */
export function circuitsOf(context: PolicyContext, upstream: string): Circuits {
  // What waits for a place behind an open circuit would only wait for a refusal.
  const onOpened = () => placesOf(context, upstream).recheck();
  return context.state('circuitBreaker', upstream, () => new Circuits(upstream, context, onOpened));
}

/** The way through one circuit and, for a model's, past the upstream's. */
export class Lane implements Admission {
  readonly circuit: Circuit;
  readonly #above: Circuit | undefined;
  readonly #upstream: string;
  readonly #model: string | undefined;

  constructor(circuit: Circuit, above: Circuit | undefined, upstream: string, model: string | undefined) {
    this.circuit = circuit;
    this.#above = above;
    this.#upstream = upstream;
    this.#model = model;
  }

  /** The circuit's admission, or `refused`. */
  admit(rule: CircuitRule): number {
    return this.#above?.shut ? refused : this.circuit.admit(rule);
  }

  refusal(): Failure | undefined {
    return this.circuit.shut || this.#above?.shut ? this.refused() : undefined;
  }

  /** The answer to a call that may not pass now. */
  refused(): Failure {
    const shut = [this.#above, this.circuit].filter((circuit) => circuit !== undefined).filter((circuit) => circuit.shut);
    const why = shut.length > 0 ? `open (${shut.map((circuit) => circuit.why).join('; ')})` : this.#hesitation;
    const retryAfterMs = shut.length > 0 ? Math.max(...shut.map((circuit) => circuit.openForMs || heldOpenMs)) : probingMs;
    const subject = this.#model === undefined ? this.#upstream : `${this.#model} at ${this.#upstream}`;
    return failure('circuit_open', `the circuit breaker of ${subject} is ${why}`, { retryAfterMs });
  }

  get #hesitation(): string {
    return this.circuit.slow ? 'letting calls back in little by little' : 'trying whether it has recovered';
  }

  /** The event of its change from another state; undefined where it has not changed. */
  transition(from: CircuitState, attempt: number): Transition | undefined {
    const { state: to, why } = this.circuit;
    return from === to ? undefined : { kind: 'circuit', attempt, ...this.about, from, to, why };
  }

  /** What events call it. */
  get about(): { upstream: string; model?: string } {
    return { upstream: this.#upstream, ...(this.#model !== undefined && { model: this.#model }) };
  }
}
