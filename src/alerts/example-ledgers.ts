import type { CallInfo } from '../core/journal.ts';
import { exampleFacts } from './example-facts.ts';
import type { Incident } from './incident.ts';

const limit = 100;

/** Writes the ledger of an incident's example down once that call has ended: while it runs, its last attempt is not in it. */
export class ExampleLedgers {
  readonly #byCall = new Map<string, Incident>();

  /** To be called for an incident that has just begun. */
  await(incident: Incident): void {
    const example = incident.facts.find(({ name }) => name === 'example')?.value;
    if (example !== undefined && this.#byCall.size < limit) this.#byCall.set(example, incident);
  }

  /** The incident whose example has ended. */
  ended(call: CallInfo): Incident | undefined {
    const incident = this.#byCall.size === 0 ? undefined : this.#byCall.get(call.id);
    if (!incident) return undefined;
    this.#byCall.delete(call.id);
    const others = incident.facts.filter(({ name }) => name !== 'ledger');
    const ledger = exampleFacts({ on: incident.on, summary: '', call }).filter(({ name }) => name === 'ledger');
    incident.facts = [...others, ...ledger];
    return incident;
  }
}
