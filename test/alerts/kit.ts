import type { Channel, Delivery, Message } from '../../src/alerts/channel.ts';
import { AlertEngine } from '../../src/alerts/engine.ts';
import { alertsSettings } from '../../src/alerts/settings.ts';
import type { Event } from '../../src/core/event.ts';
import type { CallInfo } from '../../src/core/journal.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import type { RecordChange, Records, StoredRecord } from '../../src/store/records.ts';

/** Records that a test can look at and give to the next engine, as a disk would keep them. */
export class KeptRecords implements Records {
  readonly #kept = new Map<string, string>();
  commits = 0;
  /** Records of the largest commit, and of all together. */
  most = 0;
  written = 0;

  commit(changes: readonly RecordChange[]): Promise<boolean> {
    this.commits += 1;
    this.most = Math.max(this.most, changes.length);
    this.written += changes.length;
    for (const { kind, id, value } of changes) {
      if (value === undefined) this.#kept.delete(`${kind}\n${id}`);
      else this.#kept.set(`${kind}\n${id}`, JSON.stringify(value));
    }
    return Promise.resolve(true);
  }

  /** As they are on disk now, for another process. */
  copy(): KeptRecords {
    const copy = new KeptRecords();
    void copy.commit(this.all());
    return copy;
  }

  all(): StoredRecord[] {
    return [...this.#kept].map(([key, json]) => {
      const [kind = '', id = ''] = key.split('\n');
      return { kind, id, value: JSON.parse(json) as unknown };
    });
  }

  health() {
    return { persistent: true } as const;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A channel that keeps what it is sent, and answers as it is told to. */
export class KeptChannel implements Channel {
  readonly messages: Message[] = [];
  answer: (message: Message) => Delivery | Promise<Delivery> = () => ({ result: 'delivered', said: 'ok' });

  async send(message: Message): Promise<Delivery> {
    const delivery = await this.answer(message);
    // As JSON, as it would travel.
    if (delivery.result === 'delivered') this.messages.push(JSON.parse(JSON.stringify(message)) as Message);
    return delivery;
  }

  get told(): string[] {
    return this.messages.map(({ kind, notices, more }) => `${kind} ${notices.length + more}`);
  }
}

const target = { webhook: { url: 'https://example.org/hook', secret: 's' } };

export interface Alerting {
  readonly clock: ManualClock;
  readonly engine: AlertEngine;
  readonly records: KeptRecords;
  readonly channels: Readonly<Record<'ops' | 'mail' | 'hook', KeptChannel>>;
  readonly published: Event[];
  /** Puts another configuration in force. */
  configure(settings: Record<string, unknown>): void;
  /** The same records and channels under a new engine, as after a kill. */
  restart(): Alerting;
}

/** An engine with three channels. */
export function alerting(
  settings: Record<string, unknown>,
  clock = new ManualClock(),
  records = new KeptRecords(),
  channels = { ops: new KeptChannel(), mail: new KeptChannel(), hook: new KeptChannel() },
): Alerting {
  const published: Event[] = [];
  const engine = new AlertEngine({
    clock,
    random: () => 0.5,
    records,
    known: records.all(),
    sources: { advice: (on) => `see ${on}`, links: () => ({}) },
    publish: (event) => published.push(event),
  });
  const configure = (written: Record<string, unknown>) => {
    const parsed = alertsSettings.parse({ channels: { ops: target, mail: target, hook: target }, ...written });
    engine.configure(parsed, new Map(Object.entries(channels)));
  };
  configure(settings);
  return { clock, engine, records, channels, published, configure, restart: () => alerting(settings, clock, records, channels) };
}

/** A call as the journal tells of it. */
export function callOf(agent: string, upstream = 'openai'): CallInfo {
  return {
    id: `call-of-${agent}`,
    agent: { name: agent, source: 'header' },
    route: '/openai',
    upstream,
    method: 'POST',
    startedAt: 0,
    ledger: () => `${upstream};verdict=server-error;ms=12`,
  };
}

export const circuit = (to: 'open' | 'closed', upstream = 'openai'): Event => ({
  kind: 'circuit',
  attempt: 1,
  upstream,
  from: to === 'open' ? 'closed' : 'half-open',
  to,
  why: to === 'open' ? '5 failures in a row' : 'probes went well',
});

export const loop = (kind = 'repeat'): Event => ({
  kind: 'loop-detected',
  attempt: 0,
  loop: kind,
  action: 'warn',
  count: 4,
  tool: 'search',
});

export const ended = (outcome: 'ok' | 'upstream-error' | 'cancelled' | 'refused'): Event => ({
  kind: 'call-ended',
  attempt: 0,
  outcome,
  status: outcome === 'ok' ? 200 : 502,
  ms: 10,
  requestBytes: 1,
  responseBytes: 1,
});
