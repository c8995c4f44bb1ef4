/**
 * `node bench/traces.ts [starts] [pairs]`: CPU time of a call at saturation with traces, of which a tenth is sent, of that without.
 * One and the same process has its traces switched on and off for a second by turns: two processes of one build differ by more than
 * traces cost. Ends with 1 where no traces were sent.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { total } from './connect.ts';
import { chatRequest } from './payload.ts';
import { layOutPrograms } from './programs.ts';
import { askOnAndOn } from './saturation.ts';
import { median } from './statistics.ts';
import { exportsTaken, loadCore, type Running, startSidecar, startSpanSink, startUpstream } from './targets.ts';
import { openWindow } from './window.ts';

const connections = 32;
const warmUpMs = 8000;
const windowMs = 1000;
/** For calls that were under way when the traces were switched. */
const settleMs = 50;

const [starts = 10, pairs = 30] = process.argv.slice(2).map(Number);

execFileSync('taskset', ['-a', '-cp', String(loadCore), String(process.pid)], { stdio: 'ignore' });
const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-traces-'));
const config = join(folder, 'outrigger.yaml');
const traces = `telemetry: { traces: { endpoint: "http://127.0.0.1:\${BENCH_SPAN_SINK_PORT}", sample: 10% } }\n`;
writeFileSync(config, readFileSync(join(import.meta.dirname, 'outrigger.yaml'), 'utf8') + traces);
const programs = layOutPrograms();
const preload = {
  module: join(import.meta.dirname, 'switched-traces.ts'),
  env: { BENCH_TRACER: pathToFileURL(join(programs.built, 'dist/telemetry/traces/tracer.js')).href },
};
const spanSink = await startSpanSink();
const upstream = await startUpstream();

const ratios: number[] = [];
console.log('| start | without traces | with | ratio |');
console.log('|---|---|---|---|');
for (let start = 1; start <= starts; start += 1) {
  const sidecar = await startSidecar(upstream, config, { root: programs.built, spanSink, preload });
  const { without, having } = await measure(sidecar);
  await sidecar.stop();
  ratios.push(having / without);
  console.log(`| ${start} | ${without.toFixed(1)} µs | ${having.toFixed(1)} µs | ${(having / without).toFixed(3)} |`);
}
console.log(`\nmedian of ${starts} starts, ${pairs} pairs of windows each: ${median(ratios).toFixed(3)}`);
const sent = await exportsTaken(spanSink);
console.log(`${sent} exports of traces were taken`);
for (const target of [upstream, spanSink]) await target.stop();
programs.remove();
rmSync(folder, { recursive: true });
process.exit(sent > 0 ? 0 : 1);

/** Medians over the windows, in microseconds a call. */
async function measure(sidecar: Running): Promise<{ without: number; having: number }> {
  const request = chatRequest(sidecar.port);
  const load = await askOnAndOn(sidecar.port, connections, () => request);
  const ownPids = [process.pid, sidecar.pid, upstream.pid, spanSink.pid];
  await delay(warmUpMs);
  const having: number[] = [];
  const without: number[] = [];
  for (let window = 0; window < 2 * pairs; window += 1) {
    const close = openWindow({ proxyPid: sidecar.pid, ownPids });
    load.answers.fill(0);
    await delay(windowMs);
    const { proxyCpuUs, foreignShare } = close();
    (window % 2 === 0 ? having : without).push(proxyCpuUs / total(load.answers, foreignShare));
    process.kill(sidecar.pid, 'SIGUSR2');
    await delay(settleMs);
  }
  load.stop();
  return { without: median(without), having: median(having) };
}
