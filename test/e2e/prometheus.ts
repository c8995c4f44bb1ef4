import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../kit/free-port.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { start } from './program.ts';

/** One series of an instant query's answer. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Debian's Prometheus, in a directory of its own. */
export interface Prometheus {
  /** The series that an expression gives now. */
  query(expression: string): Promise<Sample[]>;
  /** The one number that an expression gives now; NaN where it gives no series. */
  number(expression: string): Promise<number>;
  /** What went wrong in the last scrape; empty where nothing did. */
  lastError(): Promise<string>;
}

/** Starts Prometheus, which scrapes that address every second, and waits for its first scrape; stopped when the test has finished. */
export async function prometheus(scraped: string): Promise<Prometheus> {
  const directory = temporaryDirectory();
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(directory, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
scrape_configs:
  - job_name: sidecar
    static_configs: [ { targets: [ "${scraped}" ] } ]
`,
  );
  const { output, exited } = start('prometheus', [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]);
  let gone = false;
  void exited.then(() => {
    gone = true;
  });

  async function api<T>(path: string): Promise<T> {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; error?: string; data: T };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  }
  async function query(expression: string): Promise<Sample[]> {
    const { result } = await api<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }
  async function number(expression: string): Promise<number> {
    const [first, ...more] = await query(expression);
    if (more.length > 0) throw new Error(`${expression} gives ${more.length + 1} series`);
    return first?.value ?? Number.NaN;
  }

  await eventually('Prometheus is ready', async () => {
    if (gone) throw new Error(`Prometheus has ended: ${output()}`);
    return fetch(`http://${address}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
  });
  // Prometheus spreads its targets over some seconds.
  await eventually('the first scrape', async () => (await number('up{job="sidecar"}')) === 1, 30_000);
  return {
    query,
    number,
    async lastError() {
      const { activeTargets } = await api<{ activeTargets: { lastError: string }[] }>('targets');
      return activeTargets.map((target) => target.lastError).join();
    },
  };
}
