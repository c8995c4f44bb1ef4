import type { Observation } from './alerts/observation.ts';
import type { ActiveAlerts } from './alerts-of.ts';
import type { HealthReport, HealthStatus } from './telemetry/health/health.ts';

type Check = HealthReport['checks'][number];

/**
 * Tells the alerts when a check of health has turned critical and when it is healthy again. Between the two, at warning,
 * nothing changes, so that a check at its limit does not come and go.
 */
export class HealthAlerts {
  /** What was told last of each check; `warning` where that has to be told anew. */
  readonly #told = new Map<string, HealthStatus>();
  #active: Pick<ActiveAlerts, 'engine'> | undefined;

  /** Takes one report. Rules that are new hear of what is critical already: they come with another `active`. */
  judge({ checks }: HealthReport, active: Pick<ActiveAlerts, 'engine'> | undefined): void {
    if (active !== this.#active) {
      this.#active = active;
      for (const name of this.#told.keys()) this.#told.set(name, 'warning');
    }
    if (!active) return;
    for (const check of checks) {
      const { name, status, value } = check;
      const told = this.#told.get(name);
      // After a start most checks know nothing yet: that is no end of what an earlier process has told.
      if (status === 'warning' || status === told || (told === undefined && value === null)) continue;
      this.#told.set(name, status);
      active.engine.observe(status === 'critical' ? critical(check) : over(check));
    }
  }
}

function critical({ name, value, unit, threshold, detail }: Check): Observation {
  const [is, limit] = [shown(value ?? 0, unit), shown(threshold.critical, unit)];
  return {
    on: 'health',
    fingerprint: name,
    summary: `${name} is critical: ${is}, critical from ${limit}${detail === undefined ? '' : ` (${detail})`}`,
    facts: [
      { name: 'check', value: name },
      { name: 'value', value: is },
      { name: 'critical from', value: limit },
      ...(detail === undefined ? [] : [{ name: 'detail', value: detail }]),
    ],
    severity: 'high',
  };
}

function over({ name }: Check): Observation {
  return { on: 'health', fingerprint: name, over: true, summary: `${name} is healthy again` };
}

function shown(value: number, unit: string): string {
  if (unit === 'ratio') return `${Number((value * 100).toPrecision(4))}%`;
  return unit === 'seconds' ? `${value} s` : `${value} ${unit}`;
}
