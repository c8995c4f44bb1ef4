import type { AgentDirectory } from '../agents/directory.ts';
import type { LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import type { Subscriber } from '../core/journal.ts';
import type { Listener } from '../proxy/listener.ts';
import type { MachineReading } from '../telemetry/health/machine.ts';
import type { Log } from '../telemetry/log.ts';
import type { AddedMetrics } from '../telemetry/metric-deltas.ts';
import type { Readings, UpstreamReading } from '../telemetry/readings.ts';
import { Hub, type HubOptions } from './hub.ts';
import { leftOf, mergedMachine, mergedReadings, mergedUpstreams } from './merged-readings.ts';
import type { FromWorker, Further, WorkerReadings, WorkerReport } from './messages.ts';
import { takeIn } from './report-intake.ts';
import { setUpWorkers, WorkerProcess } from './worker-process.ts';

export interface FleetOptions extends HubOptions {
  readonly log: Log;
  readonly directory: AgentDirectory;
  readonly health: Pick<Subscriber, 'on'>;
}

/** Workers tell what has happened that often, and when somebody asks. */
const reportMs = 1000;
/** A worker that is busy for longer is shown as it was. */
const patienceMs = 500;
/** Before a worker is started in the place of one that has ended: doubled each time that one has ended within `steadyMs`. */
const restartMs = 100;
const restartMostMs = 10_000;
const steadyMs = 10_000;
/** What a worker may take beyond its time to drain. */
const graceMs = 5000;

/** The worker processes of a sidecar, and what they have told. */
export class Fleet {
  readonly hub: Hub;
  readonly #options: FleetOptions;
  readonly #added: AddedMetrics;
  /** By slot. */
  readonly #running = new Map<number, WorkerProcess>();
  readonly #reports = new Map<number, WorkerReport>();
  readonly #failures = new Map<number, number>();
  readonly #ended = Promise.withResolvers<void>();
  /** What workers that have ended had counted. */
  #left: WorkerReadings = leftOf({ upstreams: new Map() });
  #loaded: LoadedConfig | undefined;
  #first: PromiseWithResolvers<{ host: string; port: number }> | undefined;
  #reportId = 0;
  #ending = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#added = options.metrics.added();
    this.hub = new Hub(options, (message, except) => {
      for (const worker of this.#running.values()) if (worker.slot !== except) worker.tell(message);
    });
  }

  /** Starts all workers; resolves once each of them serves calls. Rejects where one cannot, and leaves none then. */
  async start(loaded: LoadedConfig): Promise<Listener> {
    this.#loaded = loaded;
    this.hub.want();
    setUpWorkers();
    const first = Promise.withResolvers<{ host: string; port: number }>();
    this.#first = first;
    for (let slot = 0; slot < this.#options.workers; slot += 1) this.#fork(slot);
    try {
      const address = await first.promise;
      this.#tick();
      return { ...address, underWay: () => [], drain: (timeoutMs) => this.#drain(timeoutMs), stop: () => this.#stop() };
    } catch (error) {
      await this.#stop();
      throw error;
    } finally {
      this.#first = undefined;
    }
  }

  /** Puts a configuration in force that is in force here. */
  configure(loaded: LoadedConfig): void {
    if (loaded === this.#loaded) return;
    this.#loaded = loaded;
    this.hub.want();
    this.hub.configure(loaded);
  }

  /** Whether any worker serves calls. */
  get serves(): boolean {
    return [...this.#running.values()].some(({ listening }) => listening);
  }

  /** Brings what an address of the admin port shows up to date. */
  async freshen(path: string): Promise<void> {
    if (path === '/api/events') this.hub.want(true);
    else if (path === '/metrics') await this.#gather('process');
    else if (path.startsWith('/api/')) await this.#gather(path === '/api/policies' ? 'policies' : 'nothing');
  }

  upstreams(names: readonly string[]): ReadonlyMap<string, UpstreamReading> {
    return mergedUpstreams(names, this.#readings());
  }

  /** What the primary has read of itself, with what all workers have. */
  readings(own: Omit<Readings, 'upstreams'>): Omit<Readings, 'upstreams'> {
    return { ...own, ...mergedReadings(own, [...this.#readings(), this.#left]) };
  }

  machine(own: MachineReading): MachineReading {
    return mergedMachine(
      own,
      [...this.#reports.values()].map(({ machine }) => machine),
    );
  }

  /** What each policy of each stack knows, worker by worker. */
  policies(): unknown {
    return [...this.#reports]
      .toSorted(([one], [other]) => one - other)
      .flatMap(([worker, { policies }]) => (Array.isArray(policies) ? policies.map((stack: object) => ({ worker, ...stack })) : []));
  }

  /** What each worker is as a process, in Prometheus' text format. */
  processes(): readonly string[] {
    return [...this.#reports.values()].flatMap(({ process }) => process ?? []);
  }

  #readings(): WorkerReadings[] {
    return [...this.#reports.values()].map(({ readings }) => readings);
  }

  #fork(slot: number): void {
    if (!this.#loaded || this.#ending) return;
    const worker = new WorkerProcess(
      this.hub.startOf(slot, this.#loaded),
      this.#options.context.clock.now(),
      {
        message: (message, from) => this.#hear(message, from),
        line: (text) => this.#options.log.line(text),
        exit: (process, code, signal) => this.#exited(process, code, signal),
      },
      (report, from) => this.#takeIn(report, from),
    );
    this.#running.set(slot, worker);
  }

  #hear(message: Exclude<FromWorker, { kind: 'report' }>, from: WorkerProcess): void {
    if (message.kind === 'answer') {
      for (const worker of this.#running.values()) if (worker !== from) worker.tellAnswer(message);
    } else if (message.kind === 'listening') {
      if ([...this.#running.values()].every(({ listening }) => listening)) this.#first?.resolve(message);
    } else if (message.kind === 'failed') {
      const { message: text, syscall, problems } = message;
      const error = problems ? new ConfigError(problems) : Object.assign(new Error(text), syscall !== undefined && { syscall });
      if (this.#first) this.#first.reject(error);
      else this.#options.log.logger.error({ worker: from.slot, err: error }, 'a worker cannot serve calls');
    } else this.hub.hear(message, from.slot);
  }

  #takeIn(report: WorkerReport, { slot }: WorkerProcess): void {
    takeIn(report, slot, { ...this.#options, added: this.#added });
    // What this one does not hold was told before.
    this.#reports.set(slot, { ...this.#reports.get(slot), ...report, metrics: [], agents: [], headsMs: [] });
  }

  /** Its last report stays in the sums; what it had under way is over. */
  #exited(worker: WorkerProcess, code: number | null, signal: string | null): void {
    const { slot, pid } = worker;
    const { clock } = this.#options.context;
    this.#running.delete(slot);
    this.#added.forget(slot);
    const last = this.#reports.get(slot);
    this.#reports.delete(slot);
    const left = last && leftOf(last.readings);
    if (left) this.#left = { upstreams: new Map(), ...mergedReadings(this.#left, [left]) };
    if (this.#ending) {
      if (this.#running.size === 0) this.#ended.resolve();
      return;
    }
    for (const other of this.#running.values()) other.tell({ kind: 'own-connection', slot, id: 0, ends: undefined });
    this.#first?.reject(new Error('a worker ended before it could serve calls'));
    const failures = clock.now() - worker.startedAt < steadyMs ? (this.#failures.get(slot) ?? 0) + 1 : 0;
    this.#failures.set(slot, failures);
    const waitMs = Math.min(restartMs * 2 ** failures, restartMostMs);
    this.#options.log.logger.error({ worker: slot, pid, code, signal, waitMs }, 'a worker has ended: another one is started');
    clock.timer(waitMs, () => this.#fork(slot));
  }

  /** Resolves once every worker that serves calls has told what has happened, or has taken too long. */
  async #gather(more: Further): Promise<void> {
    this.#reportId += 1;
    const id = this.#reportId;
    const workers = [...this.#running.values()];
    const patience = this.#options.context.clock.timer(patienceMs, () => {
      for (const worker of workers) worker.giveUp(id);
    });
    await Promise.all(workers.map((worker) => worker.report(id, more)));
    patience.cancel();
  }

  #tick(): void {
    this.#options.context.clock.timer(reportMs, () => {
      if (this.#ending) return;
      this.hub.want();
      void this.#gather('nothing');
      this.#tick();
    });
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#ending = true;
    if (this.#running.size === 0) return;
    for (const worker of this.#running.values()) worker.tell({ kind: 'drain', timeoutMs });
    const late = this.#options.context.clock.timer(timeoutMs + graceMs, () => void this.#stop());
    await this.#ended.promise;
    late.cancel();
  }

  async #stop(): Promise<void> {
    this.#ending = true;
    if (this.#running.size === 0) return;
    for (const worker of this.#running.values()) worker.kill();
    await this.#ended.promise;
  }
}
