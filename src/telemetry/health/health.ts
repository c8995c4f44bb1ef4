import type { Clock, Timer } from '../../core/clock.ts';
import type { CircuitState, Event } from '../../core/event.ts';
import { isoTime } from '../../core/iso-time.ts';
import type { Subscriber } from '../../core/journal.ts';
import { type CheckName, measure, statusOf } from './checks.ts';
import type { Machine, MachineReading } from './machine.ts';
import type { HealthSettings } from './settings.ts';
import { SlidingCounts } from './sliding-counts.ts';
import { Traffic } from './traffic.ts';

export type HealthStatus = 'healthy' | 'warning' | 'critical';

interface CheckReport {
  readonly name: CheckName;
  readonly status: HealthStatus;
  /** Null where there is nothing to judge by, such as too few calls. */
  readonly value: number | null;
  readonly unit: string;
  readonly threshold: { readonly warning: number; readonly critical: number };
  /** When it got this status, as ISO 8601. */
  readonly since: string;
  /** Whom it is about. */
  readonly detail?: string;
}

/** The answer of `/api/health`. The status is that of the worst check. */
export interface HealthReport {
  readonly status: HealthStatus;
  readonly since: string;
  readonly checks: readonly CheckReport[];
}

export interface HealthOptions {
  readonly clock: Clock;
  readonly settings: HealthSettings;
  readonly upstreams: readonly string[];
  readonly machine: Machine;
  /** The worst circuit of each upstream. */
  circuits(): ReadonlyMap<string, CircuitState>;
  /** Alert messages since the start. */
  alerts(): { readonly sent: number; readonly failed: number };
  /** Why incidents, alerts and pauses are in memory alone, where they should be on disk. */
  alertsInMemory?(): string | undefined;
  /** Gets the report of each look, once a second. */
  judged?(report: HealthReport): void;
}

const everyMs = 1000;
const statuses = ['healthy', 'warning', 'critical'] as const;
const sent = 0;
const failed = 1;

/** Says how the sidecar is. Calls only add to counts; once a second, and when somebody asks, they are judged. */
export class Health implements Subscriber {
  readonly name = 'health';
  readonly #options: HealthOptions;
  #settings: HealthSettings;
  #traffic: Traffic;
  #alerts: SlidingCounts;
  #alertsBefore = { sent: 0, failed: 0 };
  /** Of each check and of them all. */
  readonly #since = new Map<string, { readonly status: HealthStatus; readonly since: string }>();
  #timer: Timer | undefined;

  constructor(options: HealthOptions) {
    const { clock, settings, upstreams } = options;
    this.#options = options;
    this.#settings = settings;
    this.#traffic = new Traffic(upstreams, settings.window, clock.now());
    this.#alerts = new SlidingCounts(2, settings.window, clock.now());
  }

  /** Begins to look once a second. */
  start(): void {
    this.#tick();
  }

  close(): void {
    this.#timer?.cancel();
    this.#options.machine.close();
  }

  /** Takes another configuration. With another window counting begins anew; upstreams that stay keep their counts. */
  configure(settings: HealthSettings, upstreams: readonly string[]): void {
    const now = this.#options.clock.now();
    if (settings.window === this.#settings.window) this.#traffic.name(upstreams, now);
    else {
      this.#traffic = new Traffic(upstreams, settings.window, now);
      this.#alerts = new SlidingCounts(2, settings.window, now);
    }
    this.#settings = settings;
  }

  /** What the process takes of its machine. */
  get machine(): MachineReading {
    return this.#options.machine.read();
  }

  on(event: Event): void {
    this.#traffic.on(event);
  }

  report(): HealthReport {
    const { clock, machine } = this.#options;
    const now = clock.now();
    this.#traffic.advance(now);
    const alertsFailed = this.#alertsFailed(now);
    const measured = measure(
      {
        traffic: this.#traffic,
        machine: machine.read(),
        circuits: this.#options.circuits(),
        alertsFailed,
        alertsInMemory: this.#options.alertsInMemory?.(),
      },
      this.#settings,
    );
    const checks = measured.map((one): CheckReport => {
      const { name, value, unit, threshold, detail } = one;
      const status = statusOf(one);
      const since = this.#sinceOf(name, status);
      return {
        name,
        status,
        value: value === undefined ? null : round(value),
        unit,
        threshold,
        since,
        ...(detail !== undefined && { detail }),
      };
    });
    const worst = Math.max(...checks.map(({ status }) => statuses.indexOf(status)));
    const status = statuses[worst] ?? 'healthy';
    return { status, since: this.#sinceOf('overall', status), checks };
  }

  /** As numbers: 0 healthy, 1 warning, 2 critical; `overall` is the worst. */
  values(): ReadonlyMap<string, number> {
    const { status, checks } = this.report();
    return new Map([{ name: 'overall', status }, ...checks].map(({ name, status: one }) => [name, statuses.indexOf(one)]));
  }

  #tick(): void {
    this.#options.machine.sample();
    const report = this.report();
    this.#options.judged?.(report);
    this.#timer = this.#options.clock.timer(everyMs, () => this.#tick());
  }

  #alertsFailed(now: number): number | undefined {
    this.#alerts.advance(now);
    const total = this.#options.alerts();
    this.#alerts.add(sent, total.sent - this.#alertsBefore.sent);
    this.#alerts.add(failed, total.failed - this.#alertsBefore.failed);
    this.#alertsBefore = total;
    const all = this.#alerts.sum(sent) + this.#alerts.sum(failed);
    return all > 0 ? this.#alerts.sum(failed) / all : undefined;
  }

  #sinceOf(check: string, status: HealthStatus): string {
    const known = this.#since.get(check);
    if (known?.status === status) return known.since;
    const since = isoTime(this.#options.clock.wall());
    this.#since.set(check, { status, since });
    return since;
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
