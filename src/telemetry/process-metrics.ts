import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges whose names end in `_total`: promtool rejects the whole scrape for them. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export interface ProcessMetrics {
  /** Prometheus' text format. */
  text(): Promise<string>;
}

/**
 * What the Node process is: CPU, memory, descriptors, event loop, garbage collection, in a registry of its own. With a
 * `worker`, that is a label of every sample.
 */
export function createProcessMetrics(worker?: number): ProcessMetrics {
  const registry = new Registry();
  if (worker !== undefined) registry.setDefaultLabels({ worker: String(worker) });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return { text: () => registry.metrics() };
}

/** The samples of further processes, each below those of the same metric in the first text. */
export function withProcesses(text: string, others: readonly string[]): string {
  if (others.length === 0) return text;
  const added = others.map((other) => new Map(blocksOf(other).map((block) => [nameOf(block), samplesOf(block)])));
  return `${blocksOf(text)
    .map((block) => [block, ...added.flatMap((samples) => samples.get(nameOf(block)) ?? [])].join('\n'))
    .join('\n\n')}\n`;
}

/** One for each metric. */
function blocksOf(text: string): string[] {
  return text.trim().split('\n\n');
}

function nameOf(block: string): string {
  return /^# HELP (\S+)/.exec(block)?.[1] ?? '';
}

function samplesOf(block: string): string[] {
  return block.split('\n').filter((line) => !line.startsWith('#'));
}
