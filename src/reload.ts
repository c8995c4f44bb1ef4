import type { Logger } from 'pino';
import type { Alerting } from './alerts-of.ts';
import type { LoadedConfig, LoadResult } from './config/load.ts';
import { ConfigError, formatPlace, type Problem } from './config/problem.ts';
import { withRestartBound } from './config/restart-bound.ts';
import type { Journal } from './core/journal.ts';
import type { Exports } from './exports.ts';
import type { Generations } from './generations.ts';
import { namesOf } from './names-of.ts';
import type { Accounts } from './telemetry/accounts.ts';
import type { Health } from './telemetry/health/health.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface ReloadOptions {
  readonly generations: Generations;
  readonly metrics: Metrics;
  readonly accounts: Accounts;
  readonly exporting: Exports;
  readonly health: Health;
  readonly alerting: Alerting;
  readonly journal: Journal;
  readonly logger: Logger;
}

/** Nobody reads more of them in a log; `outrigger check` tells all. */
const loggedProblems = 20;

/** What a running sidecar does with a configuration that was read anew. */
export function createReload({
  generations,
  metrics,
  accounts,
  exporting,
  health,
  alerting,
  journal,
  logger,
}: ReloadOptions): (result: LoadResult) => void {
  const apply = (read: LoadedConfig): readonly Problem[] => {
    const { loaded, kept } = withRestartBound(read, generations.current.loaded);
    try {
      generations.replace(loaded);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      journal.publish({ kind: 'bug', attempt: 0, error });
      return [{ file: loaded.file ?? 'configuration', path: [], message: 'it is valid and cannot be put in force: a bug of the sidecar' }];
    }
    const { telemetry } = loaded.config;
    health.configure(loaded.config.health, Object.keys(loaded.config.upstreams));
    metrics.configure(namesOf(loaded), telemetry.metrics);
    accounts.configure(loaded.prices);
    void alerting.configure(loaded.config);
    exporting.configure(loaded.config);
    logger.level = telemetry.log.level;
    for (const warning of loaded.warnings) logger.warn({ where: formatPlace(warning) }, warning.message);
    for (const where of kept) logger.warn({ where }, 'changed in the file, and stays as it is until the next start');
    return [];
  };

  return (result) => {
    const problems = result.ok ? apply(result) : result.problems;
    for (const problem of problems.slice(0, loggedProblems)) logger.error({ where: formatPlace(problem) }, problem.message);
    journal.publish({
      kind: 'config-reloaded',
      attempt: 0,
      result: problems.length === 0 ? 'applied' : 'rejected',
      problems: problems.length,
    });
  };
}
