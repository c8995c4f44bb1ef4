/** `npm run bench`: measures the sidecar against the floor and other proxies, prints tables and writes them into docs/performance.md. */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Order, ScenarioName, Values } from './measurement.ts';
import { installPeers } from './peers.ts';
import { startPinned } from './processes.ts';
import { layOutPrograms } from './programs.ts';
import { publish } from './publish.ts';
import { direct, type Phase, phases, scenarios, type TargetName } from './scenarios.ts';
import { startMs } from './start.ts';
import { median } from './statistics.ts';
import { exportsTaken, loadCore, type ProxyName, proxies, type Running, startSpanSink, startUpstream } from './targets.ts';
import { foreignLimit, openWindow } from './window.ts';

const usage = `node bench/run.ts [--rounds N] [--quick] [--proxies a,b] [--scenarios a,b]
  --quick      one short round, for a look; like every partial run it leaves docs/performance.md alone
  --noisy      keeps what was measured beside foreign load, to see whether all works; the figures are worth nothing
  --proxies    ${Object.keys(proxies).join(', ')}
  --scenarios  ${Object.keys(scenarios).join(', ')}`;

const quickSeconds = 1;
const shortWarmUp = 0.1;

const tries = 3;
const quietProbeMs = 250;
const quietLimitMs = 30_000;
const orderLimitMs = 60_000;
/** Starts of one measurement, of which the middle one counts. */
const startsEach = 3;

interface Target extends Running {
  /** None when the upstream is asked directly. */
  readonly proxyPid?: number;
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    noisy: { type: 'boolean', default: false },
    proxies: { type: 'string', default: Object.keys(proxies).join(',') },
    scenarios: { type: 'string', default: Object.keys(scenarios).join(',') },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit();
}
const begunAt = performance.now();
const rounds = options.quick ? 1 : positive(options.rounds);
const proxyNames = chosen(options.proxies, Object.keys(proxies) as ProxyName[]);
const scenarioNames = chosen(options.scenarios, Object.keys(scenarios) as ScenarioName[]);
const whole = !options.quick && proxyNames.length === Object.keys(proxies).length && scenarioNames.length === Object.keys(scenarios).length;

const results = new Map(scenarioNames.map((scenario) => [scenario, new Map(targetNames(scenario).map((name) => [name, [] as Values[]]))]));
let thrownAway = 0;

if (proxyNames.includes('portkey')) installPeers();
const programs = layOutPrograms();
process.once('exit', () => programs.remove());
const upstream = await startUpstream();
const spanSink = await startSpanSink();
for (let round = 0; round < rounds; round += 1) {
  for (const phase of phases) await runPhase(round, phase);
}
const tracedAtAll = scenarioNames.some((scenario) => scenario !== 'start' && targetNames(scenario).includes('outrigger-everything'));
if (tracedAtAll && (await exportsTaken(spanSink)) === 0) throw new Error('no trace was exported, so not everything was on');
await upstream.stop();
await spanSink.stop();
publish({ results, rounds, thrownAway, minutes: (performance.now() - begunAt) / 60_000, whole });

/** The rows of a scenario's table. */
function targetNames(scenario: ScenarioName): TargetName[] {
  return scenarios[scenario].targets.filter((name) => name === direct || proxyNames.includes(name));
}

/** One phase of one round: fresh proxies, then every scenario for every target in turn, each round beginning with another one. */
async function runPhase(round: number, phase: Phase): Promise<void> {
  const wanted = phase.scenarios.filter((scenario) => scenarioNames.includes(scenario));
  const needed = new Set(wanted.flatMap(targetNames));
  const targets = new Map<TargetName, Target>();
  // A start is measured of processes of its own.
  if (!wanted.includes('start')) for (const name of needed) targets.set(name, await startTarget(name, phase));
  for (const scenario of wanted) {
    const names = targetNames(scenario);
    for (let index = 0; index < names.length; index += 1) {
      const name = names[(index + round) % names.length]!;
      const values = scenario === 'start' ? await measureStart(name) : await measure(scenario, name, targets, phase);
      if (values !== undefined) results.get(scenario)?.get(name)?.push(values);
      console.error(`round ${round + 1}/${rounds}  ${scenario.padEnd(14)}  ${name.padEnd(29)}  ${summary(values)}`);
    }
  }
  for (const target of targets.values()) if (target.proxyPid !== undefined) await target.stop();
}

async function startTarget(name: TargetName, { watchLoop = false, routes = 0 }: Phase): Promise<Target> {
  if (name === direct) return upstream;
  const running = await proxies[name]({ upstream, spanSink, programs, watchLoop, routes });
  return { ...running, proxyPid: running.pid };
}

async function measureStart(name: TargetName): Promise<Values> {
  await quiet([process.pid, upstream.pid, spanSink.pid]);
  const taken: number[] = [];
  for (let start = 0; start < startsEach; start += 1) taken.push(await startMs(name === 'outrigger' ? programs.built : programs.unbuilt));
  return { startMs: median(taken) };
}

/** One measurement, repeated while the machine is not quiet; undefined if it never was. */
async function measure(
  scenario: ScenarioName,
  name: TargetName,
  targets: Map<TargetName, Target>,
  phase: Phase,
): Promise<Values | undefined> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const order = orderOf(scenario, targets.get(name)!, [...targets.values()]);
    if (!options.noisy) await quiet(order.ownPids);
    const values = await load(order);
    const share = values.foreignShare ?? 0;
    if (share <= foreignLimit || options.noisy) return values;
    console.error(`thrown away: ${scenario} of ${name}, foreign load ${Math.round(share * 100)} % of a core`);
    thrownAway += 1;
    if (!phase.freshEach) continue;
    await targets.get(name)?.stop();
    targets.set(name, await startTarget(name, phase));
  }
  return undefined;
}

function orderOf(scenario: ScenarioName, { port, proxyPid, loopDelayFile, headers = [] }: Target, targets: readonly Target[]): Order {
  return {
    scenario,
    port,
    headers,
    ...(proxyPid !== undefined && { proxyPid }),
    ...(loopDelayFile !== undefined && { loopDelayFile }),
    ownPids: [process.pid, upstream.pid, spanSink.pid, ...targets.flatMap((target) => target.proxyPid ?? [])],
    seconds: options.quick ? quickSeconds : scenarios[scenario].seconds,
    // Without a proxy there is no code to be warmed up.
    warmUp: options.quick || proxyPid === undefined ? shortWarmUp : 1,
  };
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
