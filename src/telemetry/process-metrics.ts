import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges whose names end in `_total`: promtool rejects the whole scrape for them. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** What the Node process is: CPU, memory, descriptors, event loop, garbage collection, in a registry of its own. */
export function createProcessMetrics(): { text(): Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return { text: () => registry.metrics() };
}
