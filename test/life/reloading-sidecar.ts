import { onTestFinished } from 'vitest';
import { type LoadedConfig, loadConfigText } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { isBug } from '../kit/start-sidecar.ts';

type Settings = Record<string, unknown>;

/** A sidecar in this process whose configuration a test changes. */
export interface ReloadingSidecar extends Sidecar {
  /** Lines of the log so far. */
  readonly lines: Record<string, unknown>[];
  /** Reloads with a whole configuration, valid or not, as text or as it is loaded. */
  change(config: Settings | LoadedConfig): void;
  metrics(): Promise<string>;
  api(path: string): Promise<unknown>;
}

/** Starts a sidecar; it is killed when the test has finished, which fails if it logged a bug that `bugs` does not allow. */
export async function reloadingSidecar(config: Settings, { bugs = 0 } = {}): Promise<ReloadingSidecar> {
  const lines: Record<string, unknown>[] = [];
  let found = 0;
  const write = (line: string) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    if (isBug(line)) found += 1;
  };
  const loaded = load(config);
  const started = await startSidecar(loaded, await createLog({ ...loaded.config.telemetry.log, format: 'json' }, { write }));
  onTestFinished(async () => {
    await started.kill();
    if (found !== bugs) throw new Error(`the sidecar logged ${found} bugs: ${JSON.stringify(lines)}`);
  });
  const admin = `http://${started.admin.host}:${started.admin.port}`;
  return {
    ...started,
    lines,
    change(next) {
      try {
        started.reload({ ok: true, ...('files' in next ? (next as LoadedConfig) : load(next)) });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        started.reload({ ok: false, problems: error.problems, files: new Map() });
      }
    },
    metrics: async () => (await fetch(`${admin}/metrics`)).text(),
    api: async (path) => (await fetch(`${admin}/api/${path}`)).json(),
  };
}

/** A configuration on free ports. */
export function load(config: Settings): LoadedConfig {
  return loadConfigText(JSON.stringify({ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, ...config }));
}

/** The value of a series in a scrape; undefined where there is none. */
export function sampleOf(metrics: string, series: string): number | undefined {
  const line = metrics.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
