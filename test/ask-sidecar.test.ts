import { expect, test } from 'vitest';
import { runCommand } from './kit/run-command.ts';
import { sidecar } from './kit/start-sidecar.ts';
import { temporaryDirectory } from './kit/temporary-directory.ts';

const demo = { upstreams: { demo: { url: 'simulated:' } }, routes: [{ path: '/', upstream: 'demo' }] };
const addressOf = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;
const agents = (admin: string, token?: string) =>
  runCommand(['agents', '--admin', admin], { cwd: temporaryDirectory(), env: token === undefined ? {} : { OUTRIGGER_ADMIN_TOKEN: token } });
const failed = (message: string) => ({ code: 1, stdout: '', stderr: `outrigger: ${message}\n` });

test('a person who asks without the token, or by another one, is told so', async () => {
  const { admin } = await sidecar({ ...demo, admin: { listen: '127.0.0.1:0', token: 'a-token' } });
  const address = addressOf(admin);
  expect(await agents(address)).toEqual(
    failed(`the sidecar at ${address} wants its token: set OUTRIGGER_ADMIN_TOKEN to that of admin.token`),
  );
  expect(await agents(address, 'another')).toEqual(
    failed(`the sidecar at ${address} has another admin.token than OUTRIGGER_ADMIN_TOKEN says`),
  );
  expect(await agents(address, 'a-token')).toEqual({ code: 0, stdout: 'No agent has called yet.\n', stderr: '' });
});

test('a person who asks the port of the agents is told that it is no admin port', async () => {
  const { proxy } = await sidecar(demo);
  const address = addressOf(proxy);
  const { code, stderr } = await agents(address);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`${address} is no admin port (it answered `)]);
});

test('a person who asks where nothing listens, or by no address, is told so', async () => {
  expect(await agents('127.0.0.1:1')).toEqual(
    failed('no sidecar answers at 127.0.0.1:1 (ECONNREFUSED); is it running? --admin HOST:PORT names another admin port'),
  );
  for (const address of ['4142', 'http://127.0.0.1:4142', 'localhost']) {
    expect(await agents(address)).toEqual(failed(`--admin takes HOST:PORT, such as 127.0.0.1:4142, and not "${address}"`));
  }
});
