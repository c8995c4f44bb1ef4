import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { goalsTable } from './goals.ts';
import { grids } from './grids.ts';
import { figures, format, type Results, replaceSection, report } from './report.ts';
import { direct, floor } from './scenarios.ts';
import { loadCore, proxyCore } from './targets.ts';
import { foreignLimit } from './window.ts';

/** How a run went. */
export interface Run {
  readonly results: Results;
  readonly rounds: number;
  /** Measurements that were repeated because of foreign load. */
  readonly thrownAway: number;
  readonly minutes: number;
  /** Whether all was measured, and long enough for the page. */
  readonly whole: boolean;
}

const document = join(import.meta.dirname, '../docs/performance.md');
const perSecondOf = { 'rate-1000': 1000, 'rate-200': 200 } as const;
/** A target that answers less than this share of a rate has not borne it. */
const borne = 0.98;

/** Prints the tables of a run, and writes those of a whole one into docs/performance.md. Where something has no clean measurement, it writes nothing and the process ends with 1. */
export function publish(run: Run): void {
  const { results, whole } = run;
  const sections = [goalsTable(results), report(results, direct, floor), ...grids(results, floor)].filter(
    (text) => text !== undefined && text !== '',
  );
  const text = [conditions(run), ...sections].join('\n\n');
  console.log(text);
  const missing = [...results].flatMap(([scenario, targets]) =>
    [...targets].filter(([, rows]) => rows.length === 0).map(([name]) => `${scenario} of ${name}`),
  );
  if (missing.length > 0) {
    console.error(`The machine was not quiet: no clean measurement of ${missing.join(', ')}. Nothing was written.`);
    process.exitCode = 1;
  } else if (whole) {
    writeFileSync(document, replaceSection(readFileSync(document, 'utf8'), 'bench', text));
  }
}

function conditions({ results, rounds, thrownAway, minutes }: Run): string {
  const machine = `${cpus()[0]?.model.trim()} x ${cpus().length}, ${Math.round(totalmem() / 1024 ** 3)} GB, Linux ${release()}`;
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(' ');
  const medians = rounds === 1 ? 'one round' : `medians over ${rounds} rounds`;
  return [
    `- Machine: ${machine}; proxy on core ${proxyCore}, load and upstream on core ${loadCore}`,
    `- Node ${process.version}, commit ${commit()}, ${new Date().toISOString().slice(0, 10)}`,
    `- \`${command}\`: ${medians} in ${Math.round(minutes)} minutes; ${thrownAway} measurements thrown away for foreign load above ${foreignLimit * 100} % of a core`,
    ...unborne(results).map((line) => `- ${line}`),
  ].join('\n');
}

/** Targets that did not bear a fixed rate. */
function unborne(results: Results): string[] {
  const figure = figures(results);
  return (['rate-1000', 'rate-200'] as const).flatMap((scenario) =>
    [...(results.get(scenario)?.keys() ?? [])]
      .map((target) => ({ target, perSecond: figure(scenario, target, 'perSecond') }))
      .filter(({ perSecond }) => perSecond < perSecondOf[scenario] * borne)
      .map(
        ({ target, perSecond }) =>
          `${target} did not bear ${format(perSecondOf[scenario], 0)} requests/s: it answered ${format(perSecond, 0)}, so its latencies there are those of a queue`,
      ),
  );
}

/** The commit that was measured, and whether what runs differs from it. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changes = git('status', '--porcelain', '--', ':/src', ':/bench', ':/bin', ':/package-lock.json');
    return `${git('rev-parse', '--short', 'HEAD')}${changes === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}
