import type { Clock, Timer } from '../core/clock.ts';
import type { Event } from '../core/event.ts';
import type { CallInfo, Subscriber } from '../core/journal.ts';
import type { RecordChange, Records, RecordsHealth, StoredRecord } from '../store/records.ts';
import { AlertCounts } from './alert-counts.ts';
import { readState, silenceChange } from './alert-state.ts';
import type { Channel, Delivery } from './channel.ts';
import { recordDeed } from './deeds.ts';
import { Deliveries } from './deliveries.ts';
import { ExampleLedgers } from './example-ledgers.ts';
import { acknowledge, type Incident, resolve } from './incident.ts';
import { IncidentBook } from './incident-book.ts';
import { type Change, Intake } from './intake.ts';
import { LevelRules } from './level-rules.ts';
import type { MessageSources } from './messages.ts';
import type { Observation } from './observation.ts';
import { observeEvent } from './observe-event.ts';
import { type ChannelHealth, Outbox } from './outbox.ts';
import { longestSleepMs, pauseMs, stepLimit } from './pace.ts';
import { Post } from './post.ts';
import { rulesOf } from './rules.ts';
import type { AlertsSettings } from './settings.ts';
import { configuredSilences, type Silence, silencesLimit } from './silences.ts';
import { Teller } from './teller.ts';
import { testChannel } from './test-channel.ts';

type IncidentEvent = Extract<Event, { kind: 'incident' }>;

export interface AlertEngineOptions {
  readonly clock: Clock;
  /** From 0 to 1, for waits. */
  readonly random: () => number;
  readonly records: Records;
  /** What the records held at the start. */
  readonly known: readonly StoredRecord[];
  readonly sources: MessageSources;
  /** Hears of each change of an incident, never within `on`. */
  readonly publish: (event: IncidentEvent) => void;
}

export interface AlertsHealth {
  readonly records: RecordsHealth;
  readonly channels: readonly ChannelHealth[];
  readonly queued: number;
  /** What opened no incident, because too much was open. */
  readonly overflowed: number;
}

/** Counts alone are stored this much later. */
const countsMs = 1000;

/** From events to incidents to messages. Hears of every event at once, and does all else later, by itself. */
export class AlertEngine implements Subscriber {
  readonly name = 'alerts';
  readonly counts = new AlertCounts();
  /** Steps of escalations that were taken since the start, by level from 1. */
  readonly escalations = new Map<number, number>();
  readonly #options: AlertEngineOptions;
  readonly #book = new IncidentBook();
  readonly #outbox: Outbox;
  readonly #post: Post;
  readonly #teller: Teller;
  readonly #intake: Intake;
  readonly #ledgers = new ExampleLedgers();
  readonly #silences = new Map<string, Silence>();
  readonly #events: IncidentEvent[] = [];
  readonly #unsent: ReturnType<typeof readState>['outbox'];
  #configured: readonly Silence[] = [];
  #channels: ReadonlyMap<string, Channel> = new Map();
  #levels = new LevelRules([]);
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #lookMs = Number.POSITIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #started = false;
  #closed = false;

  constructor(options: AlertEngineOptions) {
    this.#options = options;
    const { clock, random, sources } = options;
    const book = this.#book;
    const deliveries = new Deliveries({ book, counts: this.counts, observe: (observation) => this.observe(observation) });
    const suppressed = (channel: string, count: number) => this.counts.add(channel, 'suppressed', count);
    this.#outbox = new Outbox({
      clock,
      random,
      wanted: (item) => deliveries.wanted(item),
      settled: (item, outcome) => void this.#save(deliveries.settled(item, outcome, clock.wall())),
      moved: (item, from, reason) => void this.#save(deliveries.moved(item, from, reason, clock.wall())),
    });
    this.#post = new Post({ clock, book, outbox: this.#outbox, sources, suppressed });
    this.#teller = new Teller({
      book,
      outbox: this.#outbox,
      post: this.#post,
      silences: () => [...this.#configured, ...this.#silences.values()],
      suppressed,
      escalated: (incident, level) => {
        this.escalations.set(level, (this.escalations.get(level) ?? 0) + 1);
        this.#publish(incident, 'escalated');
      },
    });
    const delayed = (delayMs: number) => this.#wake(delayMs);
    this.#intake = new Intake(book, (incident, change) => this.#changed(incident, change), delayed);
    const state = readState(options.known, clock.wall());
    for (const incident of state.incidents) book.add(incident);
    for (const group of state.groups) this.#teller.restore(group);
    for (const incident of state.incidents) if (incident.pending) this.#teller.schedule(incident, clock.wall());
    for (const digest of state.digests) this.#post.restore(digest);
    for (const silence of state.silences) this.#silences.set(silence.id, silence);
    this.#unsent = state.outbox;
  }

  /** Takes rules and channels, at the start and whenever they change. Incidents that are open keep the policy they began with. */
  configure(settings: AlertsSettings, channels: ReadonlyMap<string, Channel>): void {
    const rules = rulesOf(settings);
    this.#levels = new LevelRules(rules, this.#levels);
    this.#intake.configure(rules);
    this.#configured = configuredSilences(settings);
    this.#channels = channels;
    this.counts.name(channels.keys());
    for (const index of settings.escalation.keys()) this.escalations.set(index + 1, this.escalations.get(index + 1) ?? 0);
    this.#outbox.configure(channels);
    if (!this.#started) {
      this.#started = true;
      for (const item of this.#unsent) this.#outbox.add(item);
      // It started with a valid one.
      this.observe({ on: 'config-rejected', over: true, summary: 'started with a valid configuration' });
    }
    this.#wake(0);
  }

  on(event: Event, call: CallInfo | undefined): void {
    const { clock } = this.#options;
    if (call && event.kind === 'call-ended') {
      this.#levels.ended(event, call, clock.now());
      const incident = this.#ledgers.ended(call);
      if (incident) this.#book.touchLater(incident);
    } else if (call && event.kind === 'committed') this.#levels.committed(event, call, clock.now());
    if (this.#lookMs === Number.POSITIVE_INFINITY && this.#levels.isActive) this.#lookLater();
    recordDeed(event, call, this.#book);
    const observation = observeEvent(event, call);
    if (observation) this.observe(observation);
  }

  /** Takes in what no event tells. */
  observe(observation: Observation): void {
    this.#intake.observe(observation, this.#options.clock.wall());
  }

  incidents(): Iterable<Incident> {
    return this.#book.all();
  }

  /** Those that are not over. */
  openIncidents(): Iterable<Incident> {
    return this.#book.open();
  }

  /** Messages that are on their way or wait for another try. */
  get queued(): number {
    return this.#outbox.length;
  }

  incident(id: string): Incident | undefined {
    return this.#book.get(id);
  }

  /** Resolves once it is stored. Changes nothing about one that is acknowledged or over. */
  async acknowledge(incident: Incident, by: string): Promise<void> {
    if (!acknowledge(incident, by, this.#options.clock.wall())) return;
    this.#teller.tellAtOnce(incident, 'acknowledged');
    this.#publish(incident, 'acknowledged');
    await this.#save();
  }

  /** Resolves once it is stored. Changes nothing about one that is over. */
  async resolve(incident: Incident, by: string, why: string): Promise<void> {
    if (!resolve(incident, by, why, this.#options.clock.wall())) return;
    this.#book.refile(incident);
    this.#teller.tellAtOnce(incident, 'resolved');
    this.#publish(incident, 'resolved');
    await this.#save();
  }

  silences(): readonly Silence[] {
    return [...this.#configured, ...this.#silences.values()];
  }

  /** Resolves to false where there are too many. */
  async addSilence(silence: Silence): Promise<boolean> {
    if (this.#silences.size >= silencesLimit) return false;
    this.#silences.set(silence.id, silence);
    await this.#save([silenceChange(silence.id, silence)]);
    return true;
  }

  /** Resolves to false where there is none of the id that can be removed. */
  async removeSilence(id: string): Promise<boolean> {
    if (!this.#silences.delete(id)) return false;
    await this.#save([silenceChange(id)]);
    return true;
  }

  /** Sends a message that only tells that the channel works; undefined where there is no such channel. */
  async test(name: string): Promise<Delivery | undefined> {
    const channel = this.#channels.get(name);
    return channel && testChannel(channel, this.#options.clock);
  }

  health(): AlertsHealth {
    const { records } = this.#options;
    return { records: records.health(), channels: this.#outbox.health(), queued: this.queued, overflowed: this.#intake.overflowed };
  }

  /** Sends nothing more; what is not sent is in the records. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#outbox.close();
    await this.#save([], Number.POSITIVE_INFINITY);
  }

  #changed(incident: Incident, change: Change): void {
    if (change === 'fed') {
      for (const channel of incident.told) this.counts.add(channel, 'deduplicated');
      this.#wake(countsMs);
      return;
    }
    if (change !== 'resolved') this.#ledgers.await(incident);
    this.#teller.schedule(incident, this.#options.clock.wall());
    this.#publish(incident, change);
    this.#wake(0);
  }

  #publish({ id, on, severity, upstream, agent, openedMs }: Incident, change: IncidentEvent['change']): void {
    this.#events.push({
      kind: 'incident',
      attempt: 0,
      id,
      on,
      change,
      severity,
      ms: this.#options.clock.wall() - openedMs,
      upstream,
      agent,
    });
    this.#wake(0);
  }

  #lookLater(): void {
    this.#lookMs = this.#options.clock.now() + this.#levels.lookMs;
    this.#wake(this.#levels.lookMs);
  }

  /** Sees to it that `#run` comes within `delayMs`. */
  #wake(delayMs: number): void {
    const { clock } = this.#options;
    const nowMs = clock.now();
    const atMs = Math.max(nowMs + delayMs, this.#notBeforeMs);
    if (this.#closed || atMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = atMs;
    this.#timer = clock.timer(atMs - nowMs, () => this.#run());
  }

  #run(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    const { clock, publish } = this.#options;
    this.#notBeforeMs = clock.now() + pauseMs;
    const nowMs = clock.wall();
    if (clock.now() >= this.#lookMs) {
      for (const { rule, observation } of this.#levels.look(clock.now())) this.#intake.apply(rule, observation, nowMs);
      this.#lookMs = Number.POSITIVE_INFINITY;
      if (this.#levels.isActive) this.#lookLater();
    }
    this.#intake.tick(nowMs);
    this.#teller.tick(nowMs);
    this.#post.tick(nowMs);
    this.#book.forget(nowMs);
    for (const { id, untilMs } of this.#silences.values()) if (untilMs <= nowMs) void this.removeSilence(id);
    void this.#save();
    for (const event of this.#events.splice(0, stepLimit)) publish(event);
    const dueMs = Math.min(this.#intake.nextMs(), this.#teller.nextMs(), this.#post.nextMs());
    const waitMs = Math.min(Math.max(dueMs - nowMs, 0), this.#lookMs - clock.now());
    if (this.#events.length > 0 || this.#book.hasBacklog || this.#teller.hasBacklog) this.#wake(0);
    else if (waitMs !== Number.POSITIVE_INFINITY) this.#wake(Math.min(waitMs, longestSleepMs));
  }

  /** Stores what has changed, then lets go what is to be sent. */
  async #save(further: readonly RecordChange[] = [], unhurried = stepLimit): Promise<void> {
    const { items, changes } = this.#post.take();
    const all = [...further, ...this.#book.changes(unhurried), ...this.#teller.takeChanges(unhurried), ...changes];
    if (all.length === 0) return;
    await this.#options.records.commit(all);
    if (!this.#closed) for (const item of items) this.#outbox.add(item);
  }
}
