/** `npm run eval:loops -- DIR`: replays recorded runs of agents through the loop detection and tells how right it is. */
import { parseArgs } from 'node:util';
import { Threads } from '../src/agents/threads.ts';
import { bodyFormats } from './bodies.ts';
import { replay } from './replay.ts';
import { Score } from './score.ts';
import { readTrajectories } from './trajectories.ts';

const usage = `node eval/loops.ts [--verbose] DIR
  DIR        a directory of runs: *.jsonl, one run a line
  --verbose  name each run that was judged otherwise than its label says`;

const { values, positionals } = parseArgs({ options: { verbose: { type: 'boolean', default: false } }, allowPositionals: true });
const [directory] = positionals;
if (directory === undefined || positionals.length > 1) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
const sets = readTrajectories(directory);
if (![...sets.values()].some((runs) => runs.length > 0)) {
  process.stderr.write(`there are no runs in ${directory}\n`);
  process.exit(1);
}
for (const format of bodyFormats) {
  const total = new Score();
  for (const [name, runs] of sets) {
    const score = new Score();
    const threads = new Threads(runs.length);
    for (const run of runs) {
      const replayed = replay(run, format, threads);
      for (const one of [score, total]) one.add(run, replayed);
    }
    process.stdout.write(score.table(`${format.name}: ${name}`));
    if (values.verbose) process.stdout.write(score.oddities());
  }
  process.stdout.write(total.table(`${format.name}: all`));
}
