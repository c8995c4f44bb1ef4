import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ResponsesClientEvent } from 'openai/resources/responses/responses';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Sidecar } from '../../src/sidecar.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';
import { provider, type Way } from './both-ways.ts';
import { envelope, openaiAt } from './openai.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich, and some more words, so that there are several events.';
const fixtures = [
  { match: { userMessage: 'hello' }, response: { content: text, ...envelope, usage: { input_tokens: 3, output_tokens: 5 } } },
];
type Options = ConstructorParameters<typeof ResponsesWS>[1];

/** A sidecar in front of a provider, and a connection of the SDK through it. */
async function connected(
  upstream: Way,
  options: Options = {},
): Promise<{ socket: ResponsesWS; count: (series: string) => Promise<number> }> {
  const sidecar = await sidecarFor(upstream, { upstream: { dialect: 'openai' } });
  const { host, port } = sidecar.proxy;
  const socket = new ResponsesWS(openaiAt({ url: `http://${host}:${port}` }), options);
  onTestFinished(() => socket.close());
  return { socket, count: (series) => sampleOf(sidecar, `outrigger_${series}`) };
}

async function sampleOf({ admin }: Sidecar, series: string): Promise<number> {
  const exposed = await (await fetch(`http://${admin!.host}:${admin!.port}/metrics`)).text();
  const line = exposed.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** Sends a message of a person, and waits for the end of the answer. */
async function ask(socket: ResponsesWS, input: string): Promise<void> {
  const answered = new Promise<void>((resolve) => {
    socket.on('response.completed', () => resolve());
    socket.on('error', () => resolve());
  });
  socket.send({ type: 'response.create', model: 'gpt-x', input } as ResponsesClientEvent);
  await answered;
}

/** A server that answers the first message of each connection as it is told to. */
async function serverThat(
  answers: (socket: WebSocket) => void,
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<Way> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => server.close());
  server.on('connection', (socket) => socket.once('message', () => answers(socket)));
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const tokens = (kind: string) => `llm_tokens_total{upstream="peer",model="gpt-x",kind="${kind}"}`;
const answers = (verdict: string) => `tunnel_answers_total{upstream="peer",verdict="${verdict}"}`;

describe('responses over a WebSocket', () => {
  test('are counted while the connection is open, each by its tokens, its model and its verdict', async () => {
    const { socket, count } = await connected(await provider(fixtures));
    await ask(socket, 'hello');
    await eventually('counted', async () => (await count(answers('ok'))) === 1);
    expect([await count(tokens('input')), await count(tokens('output'))]).toEqual([3, 5]);
    await ask(socket, 'hello again');
    await eventually('counted', async () => (await count(answers('ok'))) === 2);
    expect([await count(tokens('input')), await count(tokens('output'))]).toEqual([6, 10]);
  });

  test('that fail are told so', async () => {
    const { socket, count } = await connected(await provider(fixtures));
    await ask(socket, 'unknown');
    await eventually('judged', async () => (await count(answers('client-error'))) + (await count(answers('server-error'))) === 1);
    expect(await count(answers('ok'))).toBe(0);
  });

  test('that the provider leaves in the middle are lost', async () => {
    const upstream = await serverThat((socket) => socket.terminate());
    const { socket, count } = await connected(upstream, { reconnect: null });
    socket.on('error', () => {});
    socket.send({ type: 'response.create', model: 'gpt-x', input: 'hello' } as ResponsesClientEvent);
    await eventually('counted', async () => (await count(answers('network'))) === 1);
  });

  test('that the agent leaves in the middle are given up', async () => {
    const asked = Promise.withResolvers<void>();
    const { socket, count } = await connected(await serverThat(() => asked.resolve()));
    socket.send({ type: 'response.create', model: 'gpt-x', input: 'hello' } as ResponsesClientEvent);
    await asked.promise;
    socket.close();
    await eventually('counted', async () => (await count(answers('cancelled'))) === 1);
  });

  test('pass untouched and unjudged where messages are compressed', async () => {
    const completed = JSON.stringify({ type: 'response.completed', response: { id: 'resp_1', output: [], usage: { input_tokens: 3 } } });
    const upstream = await serverThat((socket) => socket.send(completed), { perMessageDeflate: { threshold: 0 } });
    const { socket, count } = await connected(upstream, { perMessageDeflate: true });
    await ask(socket, 'hello');
    await drain(closing(socket));
    expect(await count(answers('ok'))).toBe(0);
    await eventually('counted', async () => (await count('attempts_total{upstream="peer",verdict="ok"}')) === 1);
    expect([await count(answers('network')), await count(answers('cancelled')), await count(answers('ok'))]).toEqual([0, 0, 0]);
  });
});

/** What is left of a connection once it is closed from here. */
function closing(socket: ResponsesWS): AsyncIterable<unknown> {
  const rest = socket.stream();
  socket.close();
  return rest;
}
