import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OpenStreams } from '../../bench/many-streams.ts';
import { answerBody, chatBody, longBodies, streamBody } from '../../bench/payload.ts';

/** Starts the stand-in for an LLM; gives its port. */
async function upstream(): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bench/upstream.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(line);
}

async function post(port: number, body: Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: 'POST', body: new Uint8Array(body), headers });
  return { status: response.status, text: await response.text() };
}

test('the stand-in for an LLM answers the bodies that the load sends, however their keys are ordered, and no others', async () => {
  const port = await upstream();
  const { model, ...rest } = JSON.parse(chatBody.toString()) as Record<string, unknown>;
  const reordered = Buffer.from(JSON.stringify({ ...rest, model }));
  expect(reordered.equals(chatBody)).toBe(false);
  for (const body of [chatBody, reordered, reordered, ...longBodies.values()]) {
    expect(await post(port, body)).toEqual({ status: 200, text: answerBody.toString() });
  }
  for (const body of [Buffer.from(JSON.stringify({ ...rest, model: 'gpt-5' })), chatBody.subarray(1), Buffer.from('')]) {
    expect((await post(port, body)).status).toBe(400);
  }
});

test('a stream has as many events as it was asked for, and ends in a finish reason and the usage', async () => {
  const { text } = await post(await upstream(), streamBody, { 'x-bench-pace-ms': '1', 'x-bench-events': '5' });
  const events = text.trimEnd().split('\n\n');
  expect(events).toHaveLength(6);
  expect(events[3]).toContain('"finish_reason":"stop"');
  expect(events[4]).toContain('"total_tokens"');
  expect(events[5]).toBe('data: [DONE]');
});

test('of whole streams no event is lost', async () => {
  const streams = new OpenStreams({ port: await upstream(), count: 120, events: 5, paceMs: 20 });
  await streams.open();
  expect(await streams.lost()).toBe(0);
  expect(streams.latenciesUs).toHaveLength(120 * 5);
});

test('every event of a stream that is refused is lost', async () => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(503).end('no'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const streams = new OpenStreams({ port: (server.address() as AddressInfo).port, count: 3, events: 5, paceMs: 20 });
  await streams.open();
  expect(await streams.lost()).toBe(15);
});

test('what comes behind the break of a stream is lost', async () => {
  const port = await upstream();
  // Hands on some of the first bytes, and then breaks off.
  const breaking = createTcpServer((socket) => {
    const behind = connect(port, '127.0.0.1');
    socket.pipe(behind);
    let events = 0;
    behind.on('data', (data: Buffer) => {
      socket.write(data);
      events += data.toString().split('data: {').length - 1;
      if (events >= 3) socket.end();
    });
    socket.on('close', () => behind.destroy());
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(breaking, 'listening');
  onTestFinished(() => void breaking.close());
  const streams = new OpenStreams({ port: (breaking.address() as AddressInfo).port, count: 4, events: 8, paceMs: 20 });
  await streams.open();
  expect(await streams.lost()).toBe(4 * 5);
});
