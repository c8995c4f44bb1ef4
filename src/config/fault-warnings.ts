import { systemClock } from '../core/clock.ts';
import { chaosWarnings } from '../policies/chaos/warnings.ts';
import type { PolicySet } from '../policies/index.ts';
import { type Config, policiesFor } from './config.ts';
import { valueAt } from './config-tree.ts';
import { type Finding, type Path, pathKey } from './problem.ts';

/** Where faults are injected on purpose, or would be and are not; `root` is the configuration as it was written. */
export function faultWarnings(config: Config, root: unknown): Finding[] {
  const ofSets = Object.entries(config.policies).flatMap(([name, set]) => warningsOf(set, ['policies', name, 'chaos']));
  const ofAgents = Object.keys(config.agents).flatMap((agent) => {
    const path = ['agents', agent, 'chaos'];
    // Without settings of its own an agent has those of the policy sets.
    if (valueAt(root, path) === undefined) return [];
    return config.routes.flatMap(({ policy }) => warningsOf(policiesFor(config, policy, agent), path));
  });
  return [...new Map([...ofSets, ...ofAgents].map((finding) => [`${pathKey(finding.path)} ${finding.message}`, finding])).values()];
}

function warningsOf({ chaos }: PolicySet, path: Path): Finding[] {
  if (!chaos) return [];
  return chaosWarnings(chaos, systemClock.wall()).map(({ key, message }) => {
    const steps = key.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    return { path: [...path, ...steps], at: 'key', message };
  });
}
