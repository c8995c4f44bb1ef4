import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { handles, resources, timersSet } from '../kit/resources.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';

const calls = 10_000;
const agents = 60;
const places = 8;

const get = http(['GET /quick HTTP/1.1', 'Host: a']);
const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'x'.repeat(2_000) }] });
const llmCall = http(
  ['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`],
  body,
);
const upgrade = http(['GET /upgrade HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']);

/** What agents send, one as often as another. */
const requests = [get, llmCall, llmCall, llmCall, upgrade];

test('10,000 calls with hang-ups at random points leave no socket, timer, place or heap behind', async () => {
  const upstream = await storyteller();
  const { proxy, admin } = await sidecarFor(upstream, {
    upstream: { dialect: 'openai' },
    policy: {
      timeout: { firstByte: '30s' },
      retry: { attempts: 2, backoff: { base: '5ms' } },
      circuitBreaker: { failures: 1_000_000, ratio: '100%', minimum: 1_000_000 },
      bulkhead: { concurrent: places, queue: 20, wait: '5s' },
    },
  });
  const random = seeded(42);
  // Code, pools and caches are warm before the count begins.
  await storm(proxy, random, 1_000);
  await upstream.dropAll();
  await eventually('the warm-up is over', () => handles().sockets === 0, 10_000);
  const before = await resources();

  // Those that wait for a place count as well: all places must be taken at times.
  let mostInUse = 0;
  const sampling = setInterval(() => {
    void placesInUse(admin).then((inUse) => {
      mostInUse = Math.max(mostInUse, inUse);
    });
  }, 100);
  const seen = await storm(proxy, random, calls);
  clearInterval(sampling);
  // The test is worth nothing if the agents did not in fact leave at all kinds of points.
  for (const [point, count] of Object.entries(seen)) expect(count, point).toBeGreaterThan(200);
  expect(mostInUse).toBeGreaterThan(places);

  await upstream.dropAll();
  await eventually('all sockets are closed', () => handles().sockets === 0, 10_000);
  await eventually('all timers are gone', async () => (await timersSet()) <= before.timers, 10_000);
  await eventually('every place is free', async () => (await placesInUse(admin)) === 0);
  const after = await resources();
  expect(after.heapBytes - before.heapBytes).toBeLessThan(3_000_000);

  // And all the places can be had at once: the upstream answers none of these before it has them all.
  const held = Array.from({ length: places }, () => talk(proxy, http(['GET /hold HTTP/1.1', 'Host: a']), Number.POSITIVE_INFINITY));
  for (const answer of await Promise.all(held)) expect(answer).toContain('200 OK');
}, 120_000);

type Points = Record<'while sending' | 'before the head' | 'in the answer' | 'never', number>;

/** Makes the calls, `agents` at a time. */
async function storm(address: { host: string; port: number }, random: () => number, count: number): Promise<Points> {
  const points: Points = { 'while sending': 0, 'before the head': 0, 'in the answer': 0, never: 0 };
  let left = count;
  const agent = async () => {
    while (left > 0) {
      left -= 1;
      await hangUp(address, random, points);
    }
  };
  await Promise.all(Array.from({ length: agents }, agent));
  return points;
}

async function hangUp(address: { host: string; port: number }, random: () => number, points: Points): Promise<void> {
  const request = requests[Math.floor(random() * requests.length)]!;
  const reset = random() < 0.5;
  const kind = random();
  if (kind < 0.2) {
    points['while sending'] += 1;
    await talk(address, request.slice(0, Math.floor(random() * request.length)), 0, reset);
  } else if (kind < 0.4) {
    points['before the head'] += 1;
    await talk(address, request, 0, reset, random() * 4);
  } else if (kind < 0.9) {
    points['in the answer'] += 1;
    await talk(address, request, Math.floor(random() * 1_500), reset);
  } else {
    points.never += 1;
    await talk(address, get, Number.POSITIVE_INFINITY, reset);
  }
}

/** How the answers end that there are here: of the upstream (a word, nothing, a stream) and of the sidecar (a document). */
const answerEnd = /(\r\n\r\nok|content-length: 0\r\n(.+\r\n)*\r\n|\n0\r\n\r\n|\})$/i;

/** Sends, reads up to `bytes` or the whole answer, hangs up; resolves with what was read once the socket is closed. */
async function talk(address: { host: string; port: number }, request: string, bytes: number, reset = false, waitMs = 0): Promise<string> {
  const socket: Socket = connect(address);
  let read = '';
  const leave = () => (reset ? socket.resetAndDestroy() : socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (data) => {
    read += data.toString('latin1');
    if (read.length >= bytes || answerEnd.test(read)) leave();
  });
  socket.on('connect', () => {
    socket.write(request, 'latin1', () => {
      if (bytes !== 0) return;
      if (waitMs === 0) leave();
      else setTimeout(leave, waitMs);
    });
  });
  await once(socket, 'close');
  return read;
}

/** An upstream that behaves in all ways there are, by turns: quick, slow, streaming, failing, breaking off, upgrading. */
async function storyteller() {
  const sockets = new Set<Socket>();
  const held: Socket[] = [];
  const random = seeded(7);
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let pending = '';
    socket.on('data', (bytes) => {
      pending += bytes.toString('latin1');
      if (!pending.includes('\r\n\r\n')) return;
      const whole = !/^POST /.test(pending) || pending.endsWith(body.slice(-10));
      if (!whole) return;
      const request = pending;
      pending = '';
      reply(socket, request);
    });
  });

  function reply(socket: Socket, request: string): void {
    if (request.startsWith('GET /quick')) return void socket.write(ok());
    if (request.startsWith('GET /upgrade')) {
      socket.write(http(['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'], 'x'.repeat(1_500)));
      return;
    }
    if (request.startsWith('GET /hold')) {
      held.push(socket);
      if (held.length === places) for (const one of held) one.write(ok());
      return;
    }
    const way = random();
    if (way < 0.1) socket.write(http(['HTTP/1.1 503 Busy', 'Content-Length: 0']));
    else if (way < 0.2) setTimeout(() => socket.write(ok('{}')), 3);
    else if (way < 0.3) socket.destroy();
    else void stream(socket, way < 0.5);
  }

  async function stream(socket: Socket, breaks: boolean): Promise<void> {
    socket.write(http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']));
    for (let i = 0; i < 6 && socket.writable; i += 1) {
      const part = {
        id: '1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta: { content: 'word ' } }],
      };
      socket.write(chunk(`data: ${JSON.stringify(part)}\n\n`));
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    if (breaks) socket.resetAndDestroy();
    else if (socket.writable) socket.write(chunk('data: [DONE]\n\n') + lastChunk);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dropAll = async () => {
    for (const socket of sockets) socket.destroy();
    await eventually('the upstream sockets are closed', () => sockets.size === 0);
  };
  onTestFinished(async () => {
    await dropAll();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`, dropAll };
}

/** Places in use in all bulkheads, as the admin port tells. */
async function placesInUse({ host, port }: { host: string; port: number }): Promise<number> {
  const { body: text } = await exchange({ host, port }, http(['GET /api/policies HTTP/1.1', `Host: ${host}:${port}`]));
  const found = [...text.matchAll(/"(?:inUse|queued)":(\d+)/g)];
  if (found.length === 0) throw new Error(`no bulkhead in ${text}`);
  return found.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Mulberry32: the same storm at every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
