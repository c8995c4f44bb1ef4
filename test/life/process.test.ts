import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listening } from '../kit/listening.ts';
import { rawClient } from '../kit/raw-client.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { launch, type SidecarProcess, startProcess } from './sidecar-process.ts';

/** An upstream whose streams stand open until the test ends them, and that counts the calls of `/quick`. */
async function streamingUpstream() {
  const open: ServerResponse[] = [];
  let quick = 0;
  const server: Server = createServer((request, response) => {
    if (request.url === '/quick') {
      quick += 1;
      return void response.end('quick');
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"choices":[{"delta":{"content":"one"}}]}\n\n');
    open.push(response);
    return undefined;
  });
  return { url: `http://127.0.0.1:${await listening(server)}`, open, quick: () => quick };
}

function configFor(url: string, more: Record<string, unknown> = {}) {
  return { upstreams: { llm: { url, dialect: 'openai' } }, routes: [{ path: '/', upstream: 'llm' }], ...more };
}

async function openStream({ proxy }: SidecarProcess) {
  const response = await fetch(`${proxy}/v1/chat/completions`, { method: 'POST', body: '{"model":"m","messages":[],"stream":true}' });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const first = await reader.read();
  expect(Buffer.from(first.value ?? []).toString()).toContain('one');
  const rest = async () => {
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += Buffer.from(value).toString();
    }
  };
  return { response, rest };
}

async function untilReady({ admin }: SidecarProcess, status: number): Promise<unknown> {
  for (;;) {
    const response = await fetch(`${admin}/readyz`);
    const body: unknown = await response.json();
    if (response.status === status) return body;
  }
}

describe('SIGTERM', () => {
  it('lets streams under way finish, says that it is not ready, and exits with 0', async () => {
    const upstream = await streamingUpstream();
    const sidecar = await startProcess(configFor(upstream.url));
    await untilReady(sidecar, 200);
    const stream = await openStream(sidecar);
    const rest = stream.rest();

    sidecar.child.kill('SIGTERM');
    expect(await untilReady(sidecar, 503)).toMatchObject({ ready: false });
    upstream.open[0]?.end('data: [DONE]\n\n');

    expect(await rest).toBe('data: [DONE]\n\n');
    expect(await sidecar.exited).toBe(0);
  });

  it('takes no new connections, and closes kept ones after their answer', async () => {
    const upstream = await streamingUpstream();
    const sidecar = await startProcess(configFor(upstream.url));
    const stream = await openStream(sidecar);
    const rest = stream.rest();
    sidecar.child.kill('SIGTERM');
    await untilReady(sidecar, 503);

    const { hostname, port } = new URL(sidecar.proxy);
    const late = connect(Number(port), hostname);
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    upstream.open[0]?.end('data: [DONE]\n\n');
    await rest;
    await sidecar.exited;
  });

  it('refuses a new request on a connection that is still busy, with Connection: close', async () => {
    const upstream = await streamingUpstream();
    const sidecar = await startProcess(configFor(upstream.url));
    const stream = await openStream(sidecar);
    const rest = stream.rest();
    // The head of a request has begun on a second connection, so it is not idle when the drain begins.
    const { hostname, port } = new URL(sidecar.proxy);
    const late = await rawClient({ host: hostname, port: Number(port) });
    late.send('GET /quick HTTP/1.1\r\n');
    sidecar.child.kill('SIGTERM');
    await untilReady(sidecar, 503);
    late.send('Host: x\r\n\r\n');
    // Closed or reset, where Node has closed the connection before it read the rest: then nothing was answered and nothing was run.
    await late.ended;
    expect(upstream.quick()).toBe(0);
    if (late.received !== '') {
      expect(late.received).toMatch(/^HTTP\/1\.1 503 /);
      expect(late.received.toLowerCase()).toContain('connection: close');
      expect(late.received).toContain('draining');
    }
    upstream.open[0]?.end('data: [DONE]\n\n');
    await rest;
    expect(await sidecar.exited).toBe(0);
  });

  it('breaks off what has not ended by drainTimeout, visibly, and exits with 0', async () => {
    const upstream = await streamingUpstream();
    const sidecar = await startProcess(configFor(upstream.url, { drainTimeout: '200ms' }));
    const stream = await openStream(sidecar);
    const rest = stream.rest();
    sidecar.child.kill('SIGTERM');
    await expect(rest).rejects.toThrow();
    expect(await sidecar.exited).toBe(0);
  });

  it('counts once where npm start passes on what the terminal has sent to both', async () => {
    const upstream = await streamingUpstream();
    const sidecar = await startProcess(configFor(upstream.url, { drainTimeout: '10m' }), { env: { npm_lifecycle_event: 'start' } });
    const stream = await openStream(sidecar);
    const rest = stream.rest();
    sidecar.child.kill('SIGINT');
    await untilReady(sidecar, 503);
    sidecar.child.kill('SIGINT');
    // Answered after the second one was handled.
    await untilReady(sidecar, 503);
    upstream.open[0]?.end('data: [DONE]\n\n');
    expect(await rest).toBe('data: [DONE]\n\n');
    expect(await sidecar.exited).toBe(0);
  });

  it('stops at once the second time', async () => {
    const upstream = await streamingUpstream();
    const sidecar = await startProcess(configFor(upstream.url, { drainTimeout: '10m' }));
    const stream = await openStream(sidecar);
    const rest = stream.rest();
    sidecar.child.kill('SIGTERM');
    await untilReady(sidecar, 503);
    sidecar.child.kill('SIGTERM');
    await expect(rest).rejects.toThrow();
    expect(await sidecar.exited).toBe(0);
  });
});

describe('an error that nobody caught', () => {
  it('is logged without secrets, lets calls end, and exits with 1', async () => {
    const upstream = await streamingUpstream();
    const preload = join(temporaryDirectory(), 'bug.mjs');
    writeFileSync(
      preload,
      `process.on('SIGUSR2', () => { throw new Error('failed with key sk-proj-' + 'abcdefghijklmnopqrstuvwxyz123456') })`,
    );
    const sidecar = await startProcess(configFor(upstream.url), { nodeArguments: ['--import', preload] });
    const stream = await openStream(sidecar);
    const rest = stream.rest();
    sidecar.child.kill('SIGUSR2');
    await untilReady(sidecar, 503);
    upstream.open[0]?.end('data: [DONE]\n\n');
    expect(await rest).toContain('[DONE]');
    expect(await sidecar.exited).toBe(1);
    expect(sidecar.output()).toContain('nobody caught');
    expect(sidecar.output()).not.toContain('abcdefghijklmnop');
  });
});

describe('a start that fails', () => {
  it.each([[[]], [['--workers', '2']]])('says which address is taken and exits with 1 %j', async (flags) => {
    const upstream = await streamingUpstream();
    const taken = new URL(upstream.url).host;
    const { output, exited } = launch(['start', '--upstream', 'http://127.0.0.1:9', '--listen', taken, '--admin', '127.0.0.1:0', ...flags]);
    expect(await exited).toBe(1);
    expect(output()).toContain(
      `${taken} is in use, perhaps by another sidecar; stop that one, or choose another address: --listen HOST:PORT`,
    );
    expect(output()).toContain('EADDRINUSE');
  });

  it('says that the admin address is taken and exits with 1', async () => {
    const upstream = await streamingUpstream();
    const taken = new URL(upstream.url).host;
    const { output, exited } = launch(['start', '--upstream', 'http://127.0.0.1:9', '--listen', '127.0.0.1:0', '--admin', taken]);
    expect(await exited).toBe(1);
    expect(output()).toContain(
      `${taken} is in use, perhaps by another sidecar; stop that one, or choose another address: --admin HOST:PORT`,
    );
  });

  it('says that an address is not one of this machine', async () => {
    const { output, exited } = launch([
      'start',
      '--upstream',
      'http://127.0.0.1:9',
      '--listen',
      '192.0.2.1:4141',
      '--admin',
      '127.0.0.1:0',
    ]);
    expect(await exited).toBe(1);
    expect(output()).toBe(
      'outrigger: 192.0.2.1:4141 is no address of this machine; choose another, such as one of 127.0.0.1: --listen HOST:PORT, or listen in the configuration (EADDRNOTAVAIL)\n',
    );
  });
});

describe('a start with a configuration that says something in vain', () => {
  it('logs one line for each such setting, with its place', async () => {
    const config = { upstreams: { llm: { url: 'simulated:' }, idle: { url: 'simulated:' } }, routes: [{ path: '/', upstream: 'llm' }] };
    const sidecar = await startProcess({ ...config, telemetry: { log: { format: 'json' } } });
    sidecar.child.kill('SIGTERM');
    await sidecar.exited;
    const lines = sidecar.output().split('\n');
    const told = lines.filter((line) => line.includes('no route uses')).map((line): unknown => JSON.parse(line));
    expect(told).toMatchObject([
      { level: 'warn', where: expect.stringMatching(/outrigger\.yaml:1:\d+ upstreams\.idle$/), msg: 'no route uses this upstream' },
    ]);
  });
});
