import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { throughSidecar } from '../both-ways.ts';
import { conformanceServer } from './server.ts';

const suite = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));
const client = fileURLToPath(import.meta.resolve('./client.ts'));

const policy = {
  timeout: { connect: '2s', firstByte: '10s', idle: '10s' },
  retry: { attempts: 2, on: ['network', 'overloaded'], backoff: { base: '10ms' } },
  circuitBreaker: {},
  bulkhead: { concurrent: 8 },
};

/** Runs the suite, and gives all that it says. It exits with 1 where a scenario has failed. */
async function run(...given: string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const ran = promisify(execFile)(process.execPath, [suite, ...given], { cwd: directory });
  const { stdout, stderr } = await ran.catch((error: unknown) => error as Awaited<typeof ran>);
  return `${stdout}\n${stderr}`;
}

/** The verdicts of every scenario that tests a server, pending ones too: `✓ ping: 1 passed, 0 failed`. */
async function verdictsOn(url: string): Promise<string[]> {
  const said = await run('server', '--suite', 'all', '--url', url);
  return said.split('\n').filter((line) => /^[✓✗] /.test(line));
}

test('the official conformance suite finds nothing in a server through the sidecar that it does not find without', {
  timeout: 60_000,
}, async () => {
  const url = `http://127.0.0.1:${await conformanceServer()}`;
  const way = await throughSidecar({ url }, 'mcp', policy);
  const direct = await verdictsOn(`${url}/mcp`);
  expect(direct.length).toBeGreaterThan(30);
  expect(direct.filter((line) => line.startsWith('✗'))).toEqual([]);
  expect(await verdictsOn(`${way.url}/mcp`)).toEqual(direct);
});

// One scenario measures how long the client waits: a busy machine may fail it, directly or not.
test.each(['initialize', 'tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry'])(
  'the official conformance suite finds nothing in a client through the sidecar in its scenario %s',
  { timeout: 60_000, retry: 1 },
  async (scenario) => {
    for (const how of ['direct', 'sidecar']) {
      const command = `${process.execPath} ${client} ${how}`;
      expect(await run('client', '--scenario', scenario, '--command', command), how).toMatch(/Passed: ([1-9]\d*)\/\1, 0 failed/);
    }
  },
);
