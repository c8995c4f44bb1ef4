import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { eventRoutes } from '../../src/events-api.ts';
import { LiveJournal } from '../../src/telemetry/live-journal.ts';
import { eventually } from '../kit/timing.ts';
import { call } from '../telemetry/kit.ts';
import { admin, ask } from './kit.ts';

const retry = { kind: 'retry', attempt: 1, upstream: 'openai', reason: 'overloaded', waitMs: 10, source: 'computed' } as const;

async function server() {
  const journal = new LiveJournal(new ManualClock());
  return { journal, ...(await admin({ routes: eventRoutes(journal) })) };
}

/** Reads a stream until it is told to stop. */
async function reading(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  const seen = { text: '', ended: false };
  const read = async () => {
    for await (const chunk of response.body!) seen.text += Buffer.from(chunk).toString();
    seen.ended = true;
  };
  const reads = read().catch(() => {});
  return { response, seen, leave: () => leaving.abort(), reads };
}

test('events come as they happen, with an id each, and the next connection goes on from there', async () => {
  const { journal, url } = await server();
  const first = await reading(`${url}/api/events?kind=retry,circuit`);
  expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  journal.on({ kind: 'call-started', attempt: 0 }, call());
  journal.on(retry, call());
  await eventually('the event is there', () => first.seen.text.includes('"kind":"retry"'));
  expect(first.seen.text).not.toContain('call-started');
  const [, id = ''] = /^id: (\S+)$/m.exec(first.seen.text)!;
  first.leave();
  await eventually('the reader has gone', () => journal.state.clients === 0);
  journal.on({ ...retry, waitMs: 77 }, call());
  const second = await reading(`${url}/api/events`, { 'last-event-id': id });
  await eventually('it goes on', () => second.seen.text.includes('"waitMs":77'));
  expect(second.seen.text).not.toContain('"waitMs":10');
  second.leave();
});

test('a reader that does not read is held up alone, misses events and is told so', async () => {
  const { journal, port, url } = await server();
  const slow = connect(port, '127.0.0.1', () => slow.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  slow.on('error', () => {}).pause();
  await eventually('it is there', () => journal.state.clients === 1);
  const fast = await reading(`${url}/api/events?kind=circuit-refused`);
  const big = call({ session: 'x'.repeat(2000) });
  for (let round = 0; round < 60; round += 1) {
    for (let index = 0; index < 100; index += 1) journal.on(retry, big);
    await new Promise(setImmediate);
  }
  journal.on({ kind: 'circuit-refused', attempt: 1, upstream: 'openai', retryAfterMs: 1 }, call());
  await eventually('the other one is served', () => fast.seen.text.includes('circuit-refused'));
  let text = '';
  slow.on('data', (chunk) => {
    text += chunk.toString();
  });
  slow.resume();
  await eventually('it has caught up', () => text.includes('circuit-refused'));
  expect(text).toMatch(/event: missed\ndata: \{"missed":[1-9]\d*\}/);
  expect(journal.state.dropped).toBeGreaterThan(0);
  slow.destroy();
  fast.leave();
});

test('the seventeenth reader is told to come back later, and takes the place of one that has gone', async () => {
  const { journal, url } = await server();
  const readers = await Promise.all(Array.from({ length: 16 }, () => reading(`${url}/api/events`)));
  const refused = await fetch(`${url}/api/events`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  expect(await refused.json()).toMatchObject({ error: { code: 'too_many_streams' } });
  readers[0]!.leave();
  await eventually('it has gone', () => journal.state.clients === 15);
  const next = await reading(`${url}/api/events`);
  expect(next.response.status).toBe(200);
  for (const reader of [...readers, next]) reader.leave();
});

test('closing ends the streams at once', async () => {
  const running = await server();
  const { seen, reads } = await reading(`${running.url}/api/events`);
  const startedAt = performance.now();
  await running.close();
  await reads;
  expect(seen.ended).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(900);
});

test('HEAD tells the head and keeps no reader; what events cannot be chosen by is named', async () => {
  const { journal, port } = await server();
  const head = await ask(port, '/api/events', {}, 'HEAD');
  expect([head.status, head.headers.get('content-type'), head.body]).toEqual([200, 'text/event-stream; charset=utf-8', '']);
  expect(journal.state.clients).toBe(0);
  const wrong = await ask(port, '/api/events?agents=planner');
  expect([wrong.status, wrong.json()]).toMatchObject([400, { error: { message: expect.stringContaining('not by agents') } }]);
});

test('streams need the token that the API needs', async () => {
  const journal = new LiveJournal(new ManualClock());
  const { port } = await admin({ settings: { token: 'secret' }, routes: eventRoutes(journal) });
  expect((await ask(port, '/api/events')).status).toBe(401);
});

test('readiness shows the report of health where it is asked for', async () => {
  const { port } = await admin({ sources: { health: () => ({ status: 'warning' }), ready: () => ({ ready: false, reason: 'draining' }) } });
  expect((await ask(port, '/readyz')).json()).toEqual({ ready: false, reason: 'draining' });
  const verbose = await ask(port, '/readyz?verbose');
  expect([verbose.status, verbose.json()]).toEqual([503, { ready: false, reason: 'draining', health: { status: 'warning' } }]);
  expect((await ask(port, '/api/health')).json()).toEqual({ status: 'warning' });
});
