/**
 * `node mutation/run.ts [GROUP…]`: breaks src/policies in many small ways, one at a time, and tells what no test notices. Works
 * on what is committed, in a copy below the system's directory for temporary files: Stryker brings 180 packages, which nobody
 * needs who does not run it. Results stay in reports/mutation, and only what has changed since is tried again.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { common, groups } from './groups.ts';
import { printScores } from './scores.ts';

const stryker = ['@stryker-mutator/core@10.1.1', '@stryker-mutator/vitest-runner@10.1.1'];
/** In percent of all mutants. */
const leastScore = 85;

const root = join(import.meta.dirname, '..');
const reports = join(root, 'reports/mutation');
const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in groups));
if (unknown.length > 0) {
  console.error(`no group is called ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`);
  process.exit(2);
}

const chosen = Object.entries(groups).filter(([name]) => named.length === 0 || named.includes(name));
const copy = mkdtempSync(join(tmpdir(), 'outrigger-mutation-'));
try {
  execFileSync('git', ['clone', '--quiet', root, copy]);
  const npm = (...rest: string[]) => execFileSync('npm', [...rest, '--no-audit', '--no-fund'], { cwd: copy, stdio: 'inherit' });
  npm('ci');
  npm('install', '--no-save', ...stryker);
  mkdirSync(reports, { recursive: true });
  for (const [name, { files, tests }] of chosen) {
    console.log(`\n${name}`);
    run(name, files, [...common, ...tests]);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const score = printScores(chosen.map(([name]) => join(reports, `${name}.json`)));
const grouped = new Set(Object.values(groups).flatMap(({ files }) => globSync([...files], { cwd: join(root, 'src/policies') })));
const left = globSync('**/*.ts', { cwd: join(root, 'src/policies') }).filter((file) => !grouped.has(file));
console.log(`in no group, so not tried: ${left.join(', ')}`);
if (score < leastScore) {
  console.error(`fewer than ${leastScore} % were noticed`);
  process.exitCode = 1;
}

function run(name: string, files: readonly string[], tests: readonly string[]): void {
  const config = {
    ...JSON.parse(readFileSync(join(copy, 'mutation/stryker.config.json'), 'utf8')),
    mutate: files.map((file) => `src/policies/${file}`),
    incrementalFile: join(reports, `${name}.incremental.json`),
    jsonReporter: { fileName: join(reports, `${name}.json`) },
  };
  writeFileSync(join(copy, 'stryker.config.json'), JSON.stringify(config));
  const { status } = spawnSync(join(copy, 'node_modules/.bin/stryker'), ['run', 'stryker.config.json'], {
    cwd: copy,
    stdio: 'inherit',
    env: { ...process.env, MUTATION_TESTS: tests.map((test) => `test/policies/${test}.test.ts`).join(',') },
  });
  if (status !== 0) throw new Error(`Stryker ended with ${status} for ${name}`);
}
