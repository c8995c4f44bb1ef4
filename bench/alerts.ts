/**
 * `node bench/alerts.ts [rounds] [seconds]`: p99 and CPU of calls while 1,000 other calls a second match a rule of alerts, with alerts
 * configured and without, in turns. Where others use the machine, the quietest third of the rounds says most. Ends with 1 unless the
 * alerts have counted every matching call and told of them.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { connect } from './connect.ts';
import { descriptor } from './fixed-rate.ts';
import type { Pace } from './pacer.ts';
import { chatRequest, nowUs } from './payload.ts';
import { median, percentile } from './statistics.ts';
import { type Running, startSidecar, startUpstream } from './targets.ts';
import { openWindow } from './window.ts';

const callsPerSecond = 300;
const matchesPerSecond = 1000;
const connections = 32;

const [rounds = 30, seconds = 1] = process.argv.slice(2).map(Number);

let told = 0;
const people = createServer((request, response) => {
  told += 1;
  request.resume().on('end', () => response.end());
}).listen(0, '127.0.0.1');
await once(people, 'listening');

const everyone = ['people'];
const alerts = {
  groupWait: '1s',
  channels: {
    people: { webhook: { url: `http://127.0.0.1:${(people.address() as AddressInfo).port}/`, secret: 'bench', allowPrivate: true } },
  },
  rules: [
    { on: 'chaos-on', send: everyone },
    { on: 'error-rate', above: '90%', send: everyone },
    { on: 'latency', above: '10s', send: everyone },
    { on: 'cost', above: 1000, send: everyone },
    { on: 'circuit-open', send: everyone },
  ],
};

/** A variable of the environment, as the configuration takes it. */
const given = (name: string) => `\${BENCH_${name}}`;

/** Calls of /drill get a 401 that is injected: each is an event of the rule on chaos. */
const config = {
  listen: `127.0.0.1:${given('PROXY_PORT')}`,
  admin: { listen: `127.0.0.1:${given('ADMIN_PORT')}` },
  state: { dir: given('STATE_DIR') },
  upstreams: { bench: { url: `http://127.0.0.1:${given('UPSTREAM_PORT')}`, dialect: 'openai' } },
  policies: {
    llm: { deadline: '10m', timeout: {}, retry: {}, circuitBreaker: {}, bulkhead: { concurrent: 4096 } },
    drill: { chaos: { enabled: true, faults: [{ kind: 'status', status: 401 }] } },
  },
  routes: [
    { path: '/drill', upstream: 'bench', policy: 'drill' },
    { path: '/', upstream: 'bench', policy: 'llm' },
  ],
};

/** Sends requests at a rate for some time; gives the latencies in microseconds, from when each was due. Throws on another status. */
async function paced(port: number, request: Buffer, perSecond: number, status: number): Promise<number[]> {
  const requests = perSecond * seconds;
  const busy = new Int32Array(new SharedArrayBuffer(connections * Int32Array.BYTES_PER_ELEMENT));
  const dueUs = new Float64Array(new SharedArrayBuffer(connections * Float64Array.BYTES_PER_ELEMENT));
  const latenciesUs: number[] = [];
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const sockets: Socket[] = [];
  for (let index = 0; index < connections; index += 1) {
    const socket = await connect(port, {
      onEnd(got) {
        if (got !== status) throw new Error(`status ${got} instead of ${status}`);
        latenciesUs.push(nowUs() - dueUs[index]!);
        Atomics.store(busy, index, 0);
        if (latenciesUs.length === requests) resolve();
      },
    });
    sockets.push(socket);
  }
  const pace: Pace = { sockets: sockets.map(descriptor), request, busy, dueUs, startUs: nowUs() + 2e5, requests, perSecond };
  new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace });
  await answered;
  for (const socket of sockets) socket.removeAllListeners('close').destroy();
  return latenciesUs;
}

function drill(port: number): Buffer {
  return Buffer.from(chatRequest(port).toString('latin1').replace('POST /', 'POST /drill/'), 'latin1');
}

interface Measured {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpuUs: number;
  readonly foreignShare: number;
}

async function measure({ port, pid }: Running): Promise<Measured> {
  const close = openWindow({ proxyPid: pid, ownPids });
  const [calls] = await Promise.all([paced(port, chatRequest(port), callsPerSecond, 200), paced(port, drill(port), matchesPerSecond, 401)]);
  const { proxyCpuUs, foreignShare } = close();
  const cpuUs = proxyCpuUs / (seconds * (callsPerSecond + matchesPerSecond));
  return { p50Us: percentile(calls, 0.5), p99Us: percentile(calls, 0.99), cpuUs, foreignShare };
}

const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-alerts-'));
// JSON is YAML.
const written = (name: string, content: object) => {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, JSON.stringify(content));
  return path;
};
const upstream = await startUpstream();
const without = await startSidecar(upstream, written('without', config));
const having = await startSidecar(upstream, written('with', { ...config, alerts }));
const ownPids = [process.pid, upstream.pid, without.pid, having.pid];
for (const target of [without, having]) await measure(target);

const pairs: { readonly without: Measured; readonly having: Measured }[] = [];
for (let round = 0; round < rounds; round += 1) {
  const first = await measure(round % 2 === 0 ? without : having);
  const second = await measure(round % 2 === 0 ? having : without);
  pairs.push(round % 2 === 0 ? { without: first, having: second } : { without: second, having: first });
}
const foreign = (pair: (typeof pairs)[number]) => pair.without.foreignShare + pair.having.foreignShare;
const quietest = pairs.toSorted((a, b) => foreign(a) - foreign(b)).slice(0, Math.ceil(rounds / 3));
console.log('| medians of | foreign load | p50 without | with | ratio | p99 without | with | ratio | CPU a call without | with | ratio |');
console.log('|---|---|---|---|---|---|---|---|---|---|---|');
console.log(row(`all ${pairs.length} rounds`, pairs));
console.log(row(`the quietest ${quietest.length}`, quietest));

const { incidents } = (await (await fetch(`http://127.0.0.1:${having.adminPort}/api/incidents`)).json()) as {
  incidents: { on: string; count: number }[];
};
const counted = incidents.find(({ on }) => on === 'chaos-on')?.count ?? 0;
const sent = matchesPerSecond * seconds * (rounds + 1);
console.log(`${sent} matching calls were sent, ${counted} counted in one incident, ${told} messages told`);
for (const target of [without, having, upstream]) await target.stop();
rmSync(folder, { recursive: true });
process.exit(counted === sent && told > 0 ? 0 : 1);

function row(name: string, of: typeof pairs): string {
  const load = median(of.map((pair) => foreign(pair) / 2));
  const cells = (['p50Us', 'p99Us', 'cpuUs'] as const).flatMap((value) => {
    const [before, after] = [median(of.map((pair) => pair.without[value])), median(of.map((pair) => pair.having[value]))];
    return [`${before.toFixed(0)} µs`, `${after.toFixed(0)} µs`, (after / before).toFixed(2)];
  });
  return `| ${name} | ${(load * 100).toFixed(0)} % of a core | ${cells.join(' | ')} |`;
}
