import type { Clock } from '../core/clock.ts';
import type { Event } from '../core/event.ts';
import type { CallInfo, Subscriber } from '../core/journal.ts';
import { type ShownEvent, shownEvent } from './shown-event.ts';

/** Events that are kept for readers; who falls further behind misses some, and is told how many. */
const keptEvents = 2000;

/** Without a reader for that long nothing is kept any more. Who lost its connection is back by then. */
const idleMs = 60_000;

/** Which events a reader wants; of what is left out, all. */
export interface LiveFilter {
  readonly agents?: ReadonlySet<string> | undefined;
  readonly upstreams?: ReadonlySet<string> | undefined;
  readonly kinds?: ReadonlySet<string> | undefined;
}

/** One event for a reader, or how many it has missed: undefined where nobody can say. */
export type LiveItem = { readonly id: string; readonly json: string } | { readonly missed: number | undefined };

/**
 * Every event for whoever reads along, as JSON without a word of prompts and without secrets. Costs nothing while nobody
 * does. A reader is a place in one ring that all share: a slow one holds up nobody and keeps nothing.
 */
export class LiveJournal implements Subscriber {
  readonly name = 'live-journal';
  readonly #clock: Clock;
  /** Tells the events since somebody began to read from those of before. */
  #run = '';
  readonly #ring: ShownEvent[] = [];
  readonly #readers = new Set<LiveReader>();
  /** Number of the latest event, from 1, and how many are kept. */
  #last = 0;
  #kept = 0;
  #on = false;
  #waking = false;
  #idleSince = 0;
  #dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Readers now, and the events that readers have missed so far. */
  get state(): { readonly clients: number; readonly dropped: number } {
    return { clients: this.#readers.size, dropped: this.#dropped };
  }

  on(event: Event, call: CallInfo | undefined): void {
    if (!this.#on) return;
    if (this.#readers.size === 0 && this.#clock.now() - this.#idleSince > idleMs) {
      this.#on = false;
      this.#ring.length = 0;
      return;
    }
    this.#last += 1;
    this.#kept = Math.min(this.#kept + 1, keptEvents);
    this.#ring[this.#last % keptEvents] = shownEvent(event, call, this.#clock.wall());
    if (!this.#waking && this.#readers.size > 0) {
      this.#waking = true;
      setImmediate(this.#wake);
    }
  }

  /**
   * Begins to read: behind the event of that id, or with what happens from now on. `wake` is called when there may be
   * something to take.
   */
  read(filter: LiveFilter, lastId: string | undefined, wake: () => void): LiveReader {
    if (!this.#on) this.#begin();
    const [run, number] = lastId?.split('-') ?? [];
    const at = run === this.#run ? Number(number) : Number.NaN;
    const isKnown = Number.isInteger(at) && at >= 0 && at <= this.#last;
    const from = isKnown ? at : lastId === undefined ? this.#last : this.#last - this.#kept;
    const reader = new LiveReader(this, filter, from, wake, lastId !== undefined && !isKnown);
    this.#readers.add(reader);
    return reader;
  }

  /** For readers alone: what comes next behind a place; `at` is the place behind it. */
  next(from: number, filter: LiveFilter): { readonly at: number; readonly item: LiveItem | undefined } {
    const gone = this.#last - this.#kept;
    if (from < gone) {
      this.#dropped += gone - from;
      return { at: gone, item: { missed: gone - from } };
    }
    let at = from;
    while (at < this.#last) {
      at += 1;
      const kept = this.#ring[at % keptEvents];
      if (kept && matches(kept, filter)) return { at, item: { id: `${this.#run}-${at}`, json: kept.json } };
    }
    return { at, item: undefined };
  }

  /** For readers alone. */
  left(reader: LiveReader): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#idleSince = this.#clock.now();
  }

  #begin(): void {
    this.#on = true;
    this.#run = this.#clock.wall().toString(36);
    this.#last = 0;
    this.#kept = 0;
  }

  readonly #wake = (): void => {
    this.#waking = false;
    for (const reader of this.#readers) reader.wake();
  };
}

/** A place in the journal. */
export class LiveReader {
  readonly #journal: LiveJournal;
  readonly #filter: LiveFilter;
  readonly wake: () => void;
  #at: number;
  /** What there was since it read last is not known any more. */
  #lost: boolean;

  constructor(journal: LiveJournal, filter: LiveFilter, at: number, wake: () => void, lost: boolean) {
    this.#journal = journal;
    this.#filter = filter;
    this.#at = at;
    this.wake = wake;
    this.#lost = lost;
  }

  /** The next event that the filter lets pass; undefined where there is none yet. */
  take(): LiveItem | undefined {
    if (this.#lost) {
      this.#lost = false;
      return { missed: undefined };
    }
    const { at, item } = this.#journal.next(this.#at, this.#filter);
    this.#at = at;
    return item;
  }

  close(): void {
    this.#journal.left(this);
  }
}

function matches({ agent, upstreams, kind }: ShownEvent, filter: LiveFilter): boolean {
  if (filter.kinds && !filter.kinds.has(kind)) return false;
  if (filter.agents && (agent === undefined || !filter.agents.has(agent))) return false;
  return !filter.upstreams || upstreams.some((upstream) => filter.upstreams?.has(upstream));
}
