import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../../test/kit/free-port.ts';
import { startProgram, until } from './programs.ts';

/** The values of a series over time; times are seconds since 1970. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [time: number, value: string])[];
}

/** A span of time in seconds since 1970, and how far its points lie apart. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** A running Prometheus. Questions that it refuses reject with its own words. */
export interface Prometheus extends AsyncDisposable {
  /** The series that an expression gives over a span of time. */
  range(expression: string, range: Range): Promise<Series[]>;
  /** The values that a label has in the series of a selector. */
  labelValues(selector: string, label: string, range: Range): Promise<string[]>;
  /** The names of all metrics. */
  metricNames(): Promise<string[]>;
}

const rules = resolve(import.meta.dirname, '../alerts');

/**
 * Starts Debian's Prometheus in a directory, on a free port of 127.0.0.1, with the rules of grafana/alerts. It scrapes that address
 * every second as the job `outrigger`. Resolves after the first scrape.
 */
export async function startPrometheus(directory: string, scraped: string): Promise<Prometheus> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(directory, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [ "${rules}/*.yml" ]
scrape_configs:
  - job_name: outrigger
    static_configs: [ { targets: [ "${scraped}" ] } ]
`,
  );
  const program = startProgram('prometheus', [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]);

  async function ask<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
    const response = await fetch(`http://${address}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
    const answer = (await response.json()) as { status: string; error?: string; data: Data };
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  }
  const texts = ({ start, end, step }: Range) => ({ start: String(start), end: String(end), step: String(step) });
  const prometheus: Prometheus = {
    range: async (query, range) => (await ask<{ result: Series[] }>('query_range', { query, ...texts(range) })).result,
    async labelValues(selector, label, range) {
      const series = await ask<Record<string, string>[]>('series', { 'match[]': selector, ...texts(range) });
      return [...new Set(series.flatMap((labels) => labels[label] ?? []))];
    },
    async metricNames() {
      const response = await fetch(`http://${address}/api/v1/label/__name__/values`);
      return ((await response.json()) as { data: string[] }).data;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
  const isUp = async () => {
    if (program.ended()) throw new Error(`Prometheus has ended: ${program.output()}`);
    const answer = await ask<{ result: { value: [number, string] }[] }>('query', { query: 'up{job="outrigger"}' }).catch(() => undefined);
    return answer?.result[0]?.value[1] === '1';
  };
  try {
    // Prometheus begins to scrape some five seconds after its start, whatever the interval.
    await until('the first scrape', 30_000, isUp);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return prometheus;
}
