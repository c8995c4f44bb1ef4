/**
 * `npm run verify:dashboards`: asks a real Prometheus, which has watched a sidecar to which everything has happened, for every expression of the
 * dashboards and rules, and checks names and rules besides. Ends with 1 where anything is wrong.
 */
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { answerProblem } from './check-answers.ts';
import { motionless } from './check-movement.ts';
import { committedExpressions } from './expressions.ts';
import { type Scene, withLiveScenario } from './live-scenario.ts';
import { nameProblems } from './metric-names.ts';
import { needPrometheus, runProgram } from './programs.ts';

/** Prints what is wrong, and gives how much that is. */
function tell(what: string, problems: readonly string[]): number {
  console.log(`${what}: ${problems.length === 0 ? 'fine' : `${problems.length} wrong`}`);
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length;
}

function promtool(what: string, parameters: readonly string[], input?: string): number {
  const { code, output } = runProgram('promtool', parameters, input);
  return tell(what, code === 0 ? [] : [`promtool ended with ${code}: ${output.trim()}`]);
}

async function checkScene({ prometheus, range, admin }: Scene): Promise<number> {
  const expressions = committedExpressions();
  const answers = await Promise.all(expressions.map((expression) => answerProblem(expression, prometheus, range)));
  const wrong = answers.filter((problem) => problem !== undefined);
  const others =
    tell('names', nameProblems(expressions, new Set(await prometheus.metricNames()))) +
    tell('movement', await motionless(prometheus, range)) +
    promtool('promtool check metrics', ['check', 'metrics'], await (await fetch(`${admin}/metrics`)).text());
  const failed = tell('answers', wrong);
  console.log(`${expressions.length} expressions, ${failed} failed`);
  return others + failed;
}

try {
  needPrometheus();
  const alerts = resolve(import.meta.dirname, '../alerts');
  const rules = promtool('promtool check rules', ['check', 'rules', ...globSync(`${alerts}/*.yml`)]);
  const tests = promtool('promtool test rules', ['test', 'rules', ...globSync(`${alerts}/tests/*.yml`)]);
  const live = await withLiveScenario((line) => console.log(line), checkScene);
  process.exitCode = rules + tests + live > 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
