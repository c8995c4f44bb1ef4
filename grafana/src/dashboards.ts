import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { agentsAndLoops } from './agents-and-loops.ts';
import { overview } from './overview.ts';
import { resilience } from './resilience.ts';
import { sidecarHealth } from './sidecar-health.ts';
import { slo } from './slo.ts';
import { streaming } from './streaming.ts';
import { tokensAndCost } from './tokens-and-cost.ts';

/** Every dashboard by the name of its file in grafana/dashboards. */
export const dashboards: Readonly<Record<string, () => Dashboard>> = {
  'overview.json': overview,
  'resilience.json': resilience,
  'agents-and-loops.json': agentsAndLoops,
  'tokens-and-cost.json': tokensAndCost,
  'streaming.json': streaming,
  'sidecar-health.json': sidecarHealth,
  'slo.json': slo,
};

/** A dashboard as its file holds it. */
export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
