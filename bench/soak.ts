/**
 * `node bench/soak.ts [minutes]`: 500 requests a second for 30 minutes through the sidecar with everything on, a tenth of which goes wrong at the
 * upstream, a fifth of which is streamed, and three in a hundred of which are hung up on. Prints by how much its resident memory grows an hour.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chatBody, streamBody } from './payload.ts';
import { residentKilobytes } from './processes.ts';
import { slope } from './statistics.ts';
import { exportsTaken, loadCore, startScript, startSidecar, startSpanSink } from './targets.ts';

const perSecond = 500;
const tickMs = 10;
const sampleMs = 10_000;
const longestWarmUpMs = 300_000;
const [agents, sessions, questions] = [50, 200, 5000];
const streamedShare = 0.2;
const hungUpShare = 0.03;
const longestHangUpMs = 100;

const minutes = Number(process.argv[2] ?? 30);
if (!(minutes > 0)) throw new Error('usage: node bench/soak.ts [minutes]');
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** How the requests have ended, as their callers saw it. */
const endings = new Map<string, number>();
const upstream = await startScript(loadCore, 'faulty-upstream.ts', []);
const spanSink = await startSpanSink();
const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-soak-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
const sidecar = await startSidecar(upstream, config(), { spanSink });
const connections = new Agent({ keepAlive: true });
const idleMb = residentKilobytes(sidecar.pid) / 1024;

const startedAt = performance.now();
const elapsedMs = () => performance.now() - startedAt;
const totalMs = minutes * 60_000;
const warmUpMs = Math.min(longestWarmUpMs, totalMs / 5);
const samples: { x: number; y: number }[] = [];
let sent = 0;
let nextSampleMs = warmUpMs;
while (elapsedMs() < totalMs) {
  for (const due = (elapsedMs() / 1000) * perSecond; sent < due; sent += 1) send(sent);
  if (elapsedMs() >= nextSampleMs) {
    nextSampleMs += sampleMs;
    samples.push({ x: elapsedMs() / 3_600_000, y: residentKilobytes(sidecar.pid) / 1024 });
    console.error(`${Math.round(elapsedMs() / 1000)} s: ${samples.at(-1)?.y.toFixed(1)} MB`);
  }
  await delay(tickMs);
}
const exported = await exportsTaken(spanSink);
await sidecar.stop();

const megabytes = samples.map(({ y }) => y);
const rate = sent / (totalMs / 1000);
const found = [...endings].toSorted(([, a], [, b]) => b - a).map(([ending, count]) => `${count.toLocaleString('en-US')} ${ending}`);
console.log(`${sent.toLocaleString('en-US')} requests in ${minutes} minutes, ${Math.round(rate)} a second: ${found.join(', ')}`);
console.log(`${exported} exports of traces; resident ${idleMb.toFixed(0)} MB before the first request`);
console.log(
  `after ${Math.round(warmUpMs / 1000)} s of warm-up ${megabytes.at(0)?.toFixed(1)} MB, at the end ${megabytes.at(-1)?.toFixed(1)} MB, ` +
    `${Math.min(...megabytes).toFixed(1)} to ${Math.max(...megabytes).toFixed(1)} MB in ${samples.length} samples`,
);
console.log(`slope by least squares: ${slope(samples).toFixed(1)} MB/hour`);
process.exit();

/** Everything on, with a breaker for outages alone: faults are quicker than answers, so that some of them come in a row. */
function config(): string {
  const everything = readFileSync(join(import.meta.dirname, 'outrigger-everything.yaml'), 'utf8');
  const path = join(folder, 'outrigger.yaml');
  writeFileSync(path, everything.replace('circuitBreaker: {}', 'circuitBreaker: { failures: 50, ratio: 80% }'));
  return path;
}

function send(index: number): void {
  const streamed = Math.random() < streamedShare;
  // Of equal length, so that nothing else has to change.
  const question = String(index % questions).padStart(4, '0');
  const body = Buffer.from((streamed ? streamBody : chatBody).toString().replace('20 kilograms', `${question} grams`));
  const call = request({
    port: sidecar.port,
    host: '127.0.0.1',
    path: '/llm/v1/chat/completions',
    method: 'POST',
    agent: connections,
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      'x-outrigger-agent': `agent-${index % agents}`,
      'x-outrigger-session': `session-${index % sessions}`,
    },
  });
  let hungUp = false;
  call.on('error', () => count(hungUp ? 'hung up on' : 'broken'));
  call.on('response', (response) => follow(response, () => hungUp));
  call.end(body);
  if (Math.random() >= hungUpShare) return;
  setTimeout(() => {
    hungUp = true;
    call.destroy();
  }, Math.random() * longestHangUpMs);
}

function follow(response: IncomingMessage, isHungUp: () => boolean): void {
  const { statusCode, headers } = response;
  const degraded = headers['x-outrigger-degraded'];
  response.resume();
  response.on('error', () => {});
  response.on('close', () => {
    if (!response.complete) count(isHungUp() ? 'hung up on' : 'broken off');
    else count(degraded === undefined ? `with ${statusCode}` : `with ${statusCode} (degraded: ${String(degraded)})`);
  });
}

function count(ending: string): void {
  endings.set(ending, (endings.get(ending) ?? 0) + 1);
}
