import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ok } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { eventually } from '../kit/timing.ts';
import { launch, type SidecarProcess, startProcess } from './sidecar-process.ts';

const free = { listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, telemetry: { log: { format: 'json' } } };

function configFor(url: string) {
  return { ...free, upstreams: { peer: { url, dialect: 'http' } }, routes: [{ path: '/', upstream: 'peer' }] };
}

function save(file: string, text: string): void {
  writeFileSync(`${file}~`, text);
  renameSync(`${file}~`, file);
}

/** How often reloads have come out like that. */
async function reloads({ admin }: SidecarProcess, result: 'applied' | 'rejected'): Promise<number> {
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  return Number(new RegExp(`^outrigger_config_reloads_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(metrics)?.[1]);
}

const logged = (sidecar: SidecarProcess, message: string) =>
  sidecar
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(message))
    .map((line): unknown => JSON.parse(line));

it('a sidecar takes over a file that is saved, keeps to the last one that was right, and says where the other is wrong', async () => {
  const [first, second] = [await rawUpstream(answer(ok('first'))), await rawUpstream(answer(ok('second')))];
  const sidecar = await startProcess(configFor(first.url));
  const body = async () => (await fetch(sidecar.proxy)).text();
  expect(await body()).toBe('first');

  save(sidecar.file, JSON.stringify(configFor(second.url)));
  await eventually('the second is in force', async () => (await body()) === 'second');
  expect(await reloads(sidecar, 'applied')).toBe(1);

  save(sidecar.file, 'upstreams: { peer: { url: nonsense } }\nroutes:\n  - { path: /, upstream: pear }\n');
  await eventually('it is rejected', async () => (await reloads(sidecar, 'rejected')) === 1);
  expect(await body()).toBe('second');
  expect((await fetch(`${sidecar.admin}/readyz`)).status).toBe(200);
  expect(logged(sidecar, 'there is no upstream of this name')).toMatchObject([
    { level: 'error', where: expect.stringMatching(/outrigger\.yaml:3:26 routes\[0\]\.upstream$/) },
  ]);
  expect(logged(sidecar, 'the one in force stays')).toMatchObject([{ level: 'error', problems: 2 }]);

  rmSync(sidecar.file);
  await eventually('it is told that the file is gone', async () => (await reloads(sidecar, 'rejected')) === 2);
  expect(logged(sidecar, 'there is no such file')).toHaveLength(1);
  expect(await body()).toBe('second');

  save(sidecar.file, JSON.stringify(configFor(first.url)));
  await eventually('the first is in force', async () => (await body()) === 'first');
  sidecar.child.kill('SIGTERM');
  expect(await sidecar.exited).toBe(0);
});

it('SIGHUP reads the configuration again, changed or not, and does not end the sidecar', async () => {
  const upstream = await rawUpstream();
  const sidecar = await startProcess(configFor(upstream.url));
  for (const count of [1, 2]) {
    sidecar.child.kill('SIGHUP');
    await eventually('it is applied', async () => (await reloads(sidecar, 'applied')) === count);
  }
  expect((await fetch(sidecar.proxy)).status).toBe(200);
  sidecar.child.kill('SIGTERM');
  expect(await sidecar.exited).toBe(0);
});

it('SIGHUP has nothing to read where there is no file, and does no harm', async () => {
  const upstream = await rawUpstream();
  const started = launch(['start', '--upstream', upstream.url, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']);
  await eventually('it runs', () => started.output().includes('Metrics, health and API:'));
  started.child.kill('SIGHUP');
  await eventually('it says so', () => started.output().includes('configuration applied'));
  started.child.kill('SIGTERM');
  expect(await started.exited).toBe(0);
});
