/** `npm run bench`: measures the sidecar against the floor and a usual proxy, prints tables and writes them into docs/performance.md. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Order, ScenarioName, Values } from './measurement.ts';
import { startPinned } from './processes.ts';
import { replaceSection, report } from './report.ts';
import { loadCore, type ProxyName, proxies, proxyCore, type Running, startUpstream } from './targets.ts';
import { openWindow } from './window.ts';

const usage = `node bench/run.ts [--rounds N] [--quick] [--proxies a,b] [--scenarios a,b]
  --quick      one short round, for a look; like every partial run it leaves docs/performance.md alone`;

/** Seconds of the measured window. */
const scenarioSeconds: Record<ScenarioName, number> = { saturation: 4, 'rate-1000': 4, 'rate-200': 8, streams: 4, memory: 3 };

/** Scenarios that run in the same processes, in order: saturation warms the code up for what follows, memory needs proxies that have just started. */
const phases: ScenarioName[][] = [['saturation', 'rate-1000', 'rate-200', 'streams'], ['memory']];
const quickSeconds = 1;

/** A measurement during which other processes used more of a core than this is thrown away and repeated. */
const foreignLimit = 0.05;
const tries = 3;
const quietProbeMs = 250;
const quietLimitMs = 30_000;
const orderLimitMs = 60_000;

const document = join(import.meta.dirname, '../docs/performance.md');
const direct = 'direct';
const floor: ProxyName = 'passthrough';

interface Target extends Running {
  name: string;
  proxyPid?: number;
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    proxies: { type: 'string', default: Object.keys(proxies).join(',') },
    scenarios: { type: 'string', default: Object.keys(scenarioSeconds).join(',') },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit();
}
const rounds = options.quick ? 1 : positive(options.rounds);
const proxyNames = chosen(options.proxies, Object.keys(proxies) as ProxyName[]);
const scenarios = chosen(options.scenarios, Object.keys(scenarioSeconds) as ScenarioName[]);
const whole =
  !options.quick && proxyNames.length === Object.keys(proxies).length && scenarios.length === Object.keys(scenarioSeconds).length;

const results = new Map(scenarios.map((scenario) => [scenario, new Map(targetNames(scenario).map((name) => [name, [] as Values[]]))]));
let thrownAway = 0;

const upstream = await startUpstream();
for (let round = 0; round < rounds; round += 1) {
  for (const phase of phases) {
    const wanted = phase.filter((scenario) => scenarios.includes(scenario));
    if (wanted.length > 0) await runPhase(round, wanted);
  }
}
await upstream.stop();
publish();

/** The rows of a scenario's table. */
function targetNames(scenario: ScenarioName): string[] {
  return scenario === 'memory' ? proxyNames : [direct, ...proxyNames];
}

/** One phase of one round: fresh proxies, then every scenario for every target in turn, each round beginning with another one. */
async function runPhase(round: number, phase: ScenarioName[]): Promise<void> {
  const targets: Target[] = [{ ...upstream, name: direct }];
  for (const name of proxyNames) {
    const running = await proxies[name](upstream);
    targets.push({ ...running, name, proxyPid: running.pid });
  }
  const turned = targets.map((_, index) => targets[(index + round) % targets.length]!);
  for (const scenario of phase) {
    for (const target of turned) {
      const rows = results.get(scenario)?.get(target.name);
      if (rows === undefined) continue;
      const values = await measure(scenario, target, targets);
      if (values !== undefined) rows.push(values);
      console.error(`round ${round + 1}/${rounds}  ${scenario.padEnd(10)}  ${target.name.padEnd(21)}  ${summary(values)}`);
    }
  }
  for (const target of targets) if (target.proxyPid !== undefined) await target.stop();
}

/** One measurement, repeated while the machine is not quiet; undefined if it never was. */
async function measure(scenario: ScenarioName, target: Target, targets: Target[]): Promise<Values | undefined> {
  const order: Order = {
    scenario,
    port: target.port,
    ...(target.proxyPid !== undefined && { proxyPid: target.proxyPid }),
    ownPids: [process.pid, ...targets.map(({ pid }) => pid)],
    seconds: options.quick ? quickSeconds : scenarioSeconds[scenario],
  };
  for (let attempt = 0; attempt < tries; attempt += 1) {
    await quiet(order.ownPids);
    const values = await load(order);
    const share = values.foreignShare ?? 0;
    if (share <= foreignLimit) return values;
    console.error(`thrown away: ${scenario} of ${target.name}, foreign load ${Math.round(share * 100)} % of a core`);
    thrownAway += 1;
  }
  return undefined;
}

/** Waits, for a while at most, until other processes leave the machine alone. */
async function quiet(ownPids: number[]): Promise<void> {
  for (let waitedMs = 0; waitedMs < quietLimitMs; waitedMs += quietProbeMs) {
    const close = openWindow({ ownPids });
    await delay(quietProbeMs);
    if (close().foreignShare <= foreignLimit) return;
  }
}

async function load(order: Order): Promise<Values> {
  const child = startPinned(loadCore, [join(import.meta.dirname, 'load.ts'), JSON.stringify(order)]);
  let output = '';
  let errors = '';
  child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), orderLimitMs);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${order.scenario} failed (${code === null ? 'it hung' : `exit code ${code}`}):\n${errors}`);
  return JSON.parse(output) as Values;
}

function publish(): void {
  const tables = report(results, direct, floor);
  const missing = [...results].flatMap(([scenario, targets]) =>
    [...targets].filter(([, rows]) => rows.length === 0).map(([name]) => `${scenario} of ${name}`),
  );
  const text = `${conditions()}\n\n${tables}`;
  console.log(text);
  if (missing.length > 0) {
    console.error(`The machine was not quiet: no clean measurement of ${missing.join(', ')}. Nothing was written.`);
    process.exitCode = 1;
  } else if (whole) {
    writeFileSync(document, replaceSection(readFileSync(document, 'utf8'), 'bench', text));
  }
}

function conditions(): string {
  const machine = `${cpus()[0]?.model.trim()} x ${cpus().length}, ${Math.round(totalmem() / 1024 ** 3)} GB, Linux ${release()}`;
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(' ');
  return [
    `- Machine: ${machine}; proxy on core ${proxyCore}, load and upstream on core ${loadCore}`,
    `- Node ${process.version}, commit ${commit()}, ${new Date().toISOString().slice(0, 10)}`,
    `- \`${command}\`: medians over ${rounds === 1 ? 'one round' : `${rounds} rounds`}; ${thrownAway} measurements thrown away for foreign load above ${foreignLimit * 100} % of a core`,
  ].join('\n');
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

function summary(values: Values | undefined): string {
  if (values === undefined) return 'thrown away: foreign load';
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value === null ? '–' : Number(value.toPrecision(4))}`)
    .join('  ');
}

function chosen<T extends string>(list: string, known: T[]): T[] {
  const names = list.split(',');
  const unknown = names.filter((name) => !(known as string[]).includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; known are ${known.join(', ')}`);
  return known.filter((name) => names.includes(name));
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error('--rounds takes a whole number of at least 1');
  return number;
}
