import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { type Demo, startDemo } from '../../src/demo.ts';
import { demoConfig } from '../../src/simulated/demo-config.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { launch } from '../life/sidecar-process.ts';

const dashboards = resolve(import.meta.dirname, '../../grafana/dashboards');

/** What is at 0 in any demo: nothing of the sidecar itself breaks. */
const still = new Set([
  'outrigger_bugs_total',
  'outrigger_journal_errors_total',
  'outrigger_log_dropped_total',
  'outrigger_event_stream_dropped_total',
  'outrigger_event_stream_clients',
  'outrigger_spans_dropped_total',
  'outrigger_cache_evictions_total',
  'outrigger_health_status',
]);

/** The metrics of ours that panels ask for. */
function metricsOnPanels(): Set<string> {
  const texts = readdirSync(dashboards)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readFileSync(join(dashboards, file), 'utf8'));
  const expressions = texts.flatMap((text) => [...text.matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)].map(([, expr]) => expr ?? ''));
  const names = expressions.flatMap((expr) => [...expr.matchAll(/\boutrigger_[a-z_]+/g)].map(([name]) => name));
  return new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
}

/** The metrics that have had a value other than 0. */
async function moving({ admin }: Demo): Promise<string[]> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const samples = [...text.matchAll(/^(outrigger_[a-z_]+?)(?:_bucket|_sum|_count)?(?:\{.*\})? ([-\d.e+]+)(?: \d+)?$/gm)];
  return samples.filter(([, , value]) => Number(value) !== 0).map(([, name]) => name ?? '');
}

describe('the demo', () => {
  it('moves what every panel shows, logs no error, and leaves nothing behind', { timeout: 150_000 }, async () => {
    const before = new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('outrigger-demo-')));
    const lines: string[] = [];
    const log = await createLog({ level: 'error', access: false }, { write: (line) => void lines.push(line) });
    const demo = await startDemo({ listen: '127.0.0.1:0', admin: '127.0.0.1:0', environment: {} }, log);
    onTestFinished(() => demo.stop());
    const awaited = new Set([...metricsOnPanels()].filter((name) => !still.has(name)));
    expect(awaited.size).toBeGreaterThan(40);
    const deadlineMs = performance.now() + 120_000;
    while (awaited.size > 0 && performance.now() < deadlineMs) {
      for (const name of await moving(demo)) awaited.delete(name);
      await new Promise((later) => setTimeout(later, 500));
    }
    expect([...awaited]).toEqual([]);
    expect(lines).toEqual([]);
    const directories = readdirSync(tmpdir()).filter((name) => name.startsWith('outrigger-demo-') && !before.has(name));
    expect(directories).not.toEqual([]);
    await demo.stop();
    expect(directories.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([]);
    await expect(fetch(demo.proxy)).rejects.toThrow('fetch failed');
  });

  it('ends by itself when its time is over', async () => {
    const { output, exited } = launch(['demo', '--for', '1s', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']);
    expect(await exited).toBe(0);
    expect(output()).toMatch(/metrics +http:\/\/127\.0\.0\.1:\d+\/metrics/);
    expect(output()).toContain('The demo is over.');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s', async (signal) => {
    const { child, output, exited } = launch(['demo', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']);
    await new Promise<void>((found) => {
      child.stderr.on('data', () => output().includes('Where to look') && found());
    });
    child.kill(signal);
    expect(await exited).toBe(0);
  });

  it('says who has its port', async () => {
    const demo = await startDemo({ listen: '127.0.0.1:0', admin: '127.0.0.1:0', environment: {} });
    onTestFinished(() => demo.stop());
    const { output, exited } = launch(['demo', '--listen', new URL(demo.proxy).host, '--admin', '127.0.0.1:0']);
    expect(await exited).toBe(1);
    expect(output()).toContain('EADDRINUSE');
  });

  it('has a configuration in which all that is on purpose is told, and nothing else', () => {
    const config = (gameDay: boolean) =>
      demoConfig({
        url: 'http://127.0.0.1:1',
        stateDir: '/tmp/none',
        adminToken: 'a-long-enough-token',
        smtp: 'smtp://127.0.0.1:1025',
        gameDay,
        until: '2099-01-01T00:00:00Z',
      });
    const told = (gameDay: boolean) => loadConfigText(JSON.stringify(config(gameDay))).warnings.map(({ message }) => message);
    const translated = expect.stringContaining('are translated');
    expect(told(true)).toEqual([translated, expect.stringContaining('faults are injected into calls on purpose')]);
    expect(told(false)).toEqual([translated]);
  });
});
