import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Order, ScenarioName, Values } from '../../bench/measurement.ts';
import { answerBody, chatBody, eventCount, streamBytes } from '../../bench/payload.ts';
import { listening } from '../kit/listening.ts';

type Answer = { status?: number; body: Buffer } | 'hang up' | 'silence';

/** A target that gives every request the same answer, at once. */
async function target(answer: Answer): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (answer === 'hang up') request.socket.destroy();
      else if (answer === 'silence') return;
      else response.writeHead(answer.status ?? 200).end(answer.body);
    });
  });
  return listening(server);
}

/** Runs one measurement as the benchmark does. */
async function load(scenario: ScenarioName, port: number): Promise<{ values?: Values; error?: string }> {
  const order: Order = { scenario, port, headers: [], proxyPid: process.pid, ownPids: [process.pid], seconds: 0.3, warmUp: 0.1 };
  const { promise, resolve } = Promise.withResolvers<{ values?: Values; error?: string }>();
  execFile(process.execPath, [join(import.meta.dirname, '../../bench/load.ts'), JSON.stringify(order)], (failed, output, errors) => {
    resolve(failed ? { error: errors } : { values: JSON.parse(output) as Values });
  });
  return promise;
}

test('right answers are counted and timed', async () => {
  const port = await target({ body: answerBody });
  const { values, error } = await load('rate-200', port);
  expect(error).toBeUndefined();
  expect(values?.perSecond).toBeGreaterThan(100);
  expect(values?.p50Us).toBeGreaterThan(0);
  expect(values?.p99Us).toBeGreaterThanOrEqual(values?.p50Us ?? Number.NaN);
});

test.each<[string, ScenarioName, Answer, string]>([
  ['a status other than 200', 'saturation', { status: 503, body: answerBody }, 'status 503'],
  [
    'an answer that lacks a byte',
    'saturation',
    { body: answerBody.subarray(1) },
    `${answerBody.length - 1} bytes instead of ${answerBody.length}`,
  ],
  ['an answer that lacks a byte at a fixed rate', 'rate-1000', { body: answerBody.subarray(1) }, 'wrong answer'],
  ['a broken connection', 'saturation', 'hang up', 'closed a connection'],
  ['an answer that never comes', 'saturation', 'silence', 'got no answer'],
  ['a stream that ends early', 'streams', { body: Buffer.alloc(streamBytes(eventCount) - 1) }, 'wrong answer'],
  ['an open stream that ends', 'memory', { body: chatBody }, 'ended early'],
])('%s fails the measurement', async (_, scenario, answer, message) => {
  const { error } = await load(scenario, await target(answer));
  expect(error).toContain(message);
});
