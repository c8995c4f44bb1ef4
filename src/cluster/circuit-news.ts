import type { PolicyContext } from '../core/policy.ts';
import type { CircuitSnapshot } from '../policies/circuit.ts';
import { circuitsOf, type Lane } from '../policies/circuits.ts';
import type { CircuitNews } from './messages.ts';
import type { Place } from './share-of-limits.ts';

/** How much later than the worker whose calls opened a circuit each further one may try: the first one that does tells the others. */
const apartMs = 250;
/** How long the others leave the probing to one worker; its calls may be long, or it may get none any more. */
const leaseMs = 5000;

/** What to tell of a circuit that has changed its state in this worker. */
export function circuitNews(upstream: string, model: string | undefined, slot: number, context: PolicyContext): CircuitNews {
  return { slot, upstream, model, snapshot: circuitsOf(context, upstream).lane(model).circuit.export() };
}

/** Takes over what a circuit in another worker has come to. */
export function hearOfCircuit({ slot, upstream, model, snapshot }: CircuitNews, own: Place, context: PolicyContext): void {
  const lane = laneOf(upstream, model, context);
  if (!lane) return;
  const { circuit } = lane;
  const laterMs = apartMs * ((own.slot - slot + own.workers) % own.workers);
  if (snapshot.state === 'closed') {
    if (circuit.state !== 'closed') circuit.restore({ ...snapshot, slow: true });
  } else if (snapshot.state === 'half-open') {
    if (circuit.state === 'open') circuit.restore({ ...circuit.export(), openForMs: Math.max(circuit.openForMs, leaseMs) });
  } else {
    // Two that open by themselves at the same time stay as they are.
    const isNews = circuit.state !== 'open' || snapshot.forced !== null || snapshot.reopened > circuit.export().reopened;
    if (isNews) circuit.restore({ ...snapshot, openForMs: snapshot.openForMs + laterMs });
  }
}

/** Takes the state of a circuit over as it is: for whoever only shows it and tells it on. */
export function mirrorCircuit({ upstream, model, snapshot }: CircuitNews, context: PolicyContext): void {
  laneOf(upstream, model, context)?.circuit.restore(snapshot);
}

/** What a new worker is to be told: every circuit that is not closed. */
export function circuitsToTell(upstreams: readonly string[], context: PolicyContext): CircuitNews[] {
  return upstreams.flatMap((upstream) => {
    const { models, ...shared } = circuitsOf(context, upstream).export();
    const all: [string | undefined, CircuitSnapshot][] = [[undefined, shared], ...Object.entries(models)];
    return all
      .filter(([, { state, forced }]) => state !== 'closed' || forced !== null)
      .map(([model, snapshot]) => ({ slot: 0, upstream, model, snapshot: asFound(snapshot) }));
  });
}

/** Nobody knows whether the one that was probing is still there. */
function asFound(snapshot: CircuitSnapshot): CircuitSnapshot {
  return snapshot.state === 'half-open' ? { ...snapshot, state: 'open', openForMs: leaseMs } : snapshot;
}

/** Undefined where the configuration in force does not have the model. */
function laneOf(upstream: string, model: string | undefined, context: PolicyContext): Lane | undefined {
  const lane = circuitsOf(context, upstream).lane(model);
  return lane.about.model === model ? lane : undefined;
}
