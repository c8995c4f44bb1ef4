import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rawUpstream } from '../../kit/raw-upstream.ts';
import { temporaryDirectory } from '../../kit/temporary-directory.ts';
import { startProcess } from '../../life/sidecar-process.ts';
import { otlpReceiver } from './otlp-receiver.ts';

/** Writes what the process has loaded at its exit. */
function listingModules(): { preload: string[]; read: () => Promise<string> } {
  const directory = temporaryDirectory();
  const list = join(directory, 'loaded.txt');
  const hook = join(directory, 'hook.mjs');
  const lines = [
    "import { registerHooks } from 'node:module';",
    "import { appendFileSync } from 'node:fs';",
    `registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); } });`,
  ];
  writeFileSync(hook, lines.join('\n'));
  return { preload: ['--import', hook], read: async () => (await import('node:fs/promises')).readFile(list, 'utf8') };
}

const exporting =
  /@opentelemetry\/(sdk-trace|exporter-trace|exporter-metrics|otlp)|telemetry\/(traces\/(tracer|span-export|call-spans)|push-metrics)\.ts/;

it('loads nothing of what exports traces or pushes metrics unless they are asked for', async () => {
  const upstream = await rawUpstream();
  const config = { upstreams: { peer: { url: upstream.url } }, routes: [{ path: '/', upstream: 'peer' }] };

  const without = listingModules();
  const plain = await startProcess(config, { nodeArguments: without.preload });
  await (await fetch(`${plain.proxy}/a`)).text();
  const loaded = await without.read();
  expect(loaded).toContain('@opentelemetry/exporter-prometheus');
  expect(loaded.split('\n').filter((url) => exporting.test(url))).toEqual([]);

  const receiver = await otlpReceiver();
  const asked = listingModules();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER: 'always_on' };
  const traced = await startProcess(config, { nodeArguments: asked.preload, env });
  await (await fetch(`${traced.proxy}/a`)).text();
  expect((await asked.read()).split('\n').filter((url) => exporting.test(url)).length).toBeGreaterThan(5);
  traced.child.kill('SIGTERM');
  expect(await traced.exited).toBe(0);
  expect(receiver.spans).toHaveLength(2);
  expect(receiver.span('client').parentId).toBe(receiver.span('server').spanId);
  expect(receiver.requests[0]).toMatchObject({ path: '/v1/traces', type: 'application/x-protobuf' });
});
