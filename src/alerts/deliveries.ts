import type { RecordChange } from '../store/records.ts';
import type { AlertCounts } from './alert-counts.ts';
import { cut } from './caps.ts';
import type { OutboxItem, Settled } from './channel-queue.ts';
import { type Incident, note } from './incident.ts';
import type { IncidentBook } from './incident-book.ts';
import type { Observation } from './observation.ts';

export interface DeliveriesOptions {
  readonly book: IncidentBook;
  readonly counts: AlertCounts;
  /** Hears of messages that a channel did not take. */
  readonly observe: (observation: Observation) => void;
}

/** What becomes of messages is written into the incidents that they are about. */
export class Deliveries {
  readonly #options: DeliveriesOptions;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Whether a message still says what is true: no step of an escalation after an acknowledgement, no alarm after the end. */
  wanted({ message: { kind }, incidents, channel }: OutboxItem): boolean {
    if (kind === 'digest' || kind === 'test') return true;
    return incidents.some((id) => {
      const incident = this.#options.book.get(id);
      const status = incident?.status;
      // Two channels that failed may have handed over to the same one.
      if (kind === 'firing' && incident?.told.includes(channel)) return false;
      if (kind === 'resolved') return status === undefined || status === 'resolved';
      if (kind === 'acknowledged') return status === 'acknowledged';
      return kind === 'firing' ? status === 'firing' || status === 'acknowledged' : status === 'firing';
    });
  }

  /** What is to be stored of it. */
  settled(item: OutboxItem, outcome: Settled, nowMs: number): RecordChange[] {
    const { counts } = this.#options;
    const { channel, message } = item;
    if (outcome.how === 'delivered') {
      counts.add(channel, 'ok');
      this.#each(item, (incident) => delivered(incident, channel, message.kind, nowMs));
    }
    // Its end was not told: the channel takes it for firing, and that is what it is.
    if (outcome.how === 'unwanted' && message.kind === 'resolved') this.#each(item, (incident) => addTold(incident, channel));
    if (outcome.how === 'dropped') this.#undelivered(item, channel, `given up: ${outcome.reason}`, nowMs);
    return [{ kind: 'outbox', id: message.id }];
  }

  /** Another channel takes over. */
  moved(item: OutboxItem, from: string, reason: string, nowMs: number): RecordChange[] {
    this.#undelivered(item, from, `goes to ${item.channel}: ${reason}`, nowMs);
    return [{ kind: 'outbox', id: item.message.id, value: item }];
  }

  #undelivered(item: OutboxItem, channel: string, what: string, nowMs: number): void {
    const { counts, observe } = this.#options;
    counts.add(channel, 'error');
    let isOfItself = item.incidents.length > 0;
    this.#each(item, (incident) => {
      note(incident, nowMs, 'undelivered', cut(`${channel}: ${what}`, 300));
      isOfItself &&= incident.on === 'alert-undelivered';
    });
    if (isOfItself) return;
    const summary = cut(`a message to ${channel} ${what}`, 300);
    observe({ on: 'alert-undelivered', fingerprint: channel, summary, facts: [{ name: 'channel', value: channel }] });
  }

  #each({ incidents }: OutboxItem, act: (incident: Incident) => void): void {
    for (const id of incidents) {
      const incident = this.#options.book.get(id);
      if (!incident) continue;
      act(incident);
      this.#options.book.touch(incident);
    }
  }
}

function delivered(incident: Incident, channel: string, kind: OutboxItem['message']['kind'], nowMs: number): void {
  note(incident, nowMs, 'told', `${channel}: ${kind}`);
  if (kind === 'resolved' || kind === 'acknowledged') return;
  // Its end may be on its way already.
  if (incident.status !== 'resolved' || incident.pending === 'resolved') addTold(incident, channel);
}

function addTold(incident: Incident, channel: string): void {
  if (!incident.told.includes(channel)) incident.told.push(channel);
}
