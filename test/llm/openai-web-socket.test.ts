import { describe, expect, it } from 'vitest';
import type { TunnelAnswer } from '../../src/core/tunnel-watcher.ts';
import { openai } from '../../src/llm/openai.ts';
import { frame, fromClient, fromServer } from './web-socket-frames.ts';

const upgrade = { method: 'GET', path: '/v1/responses', headers: ['Upgrade', 'websocket'] };
const watch = (tell: (answer: TunnelAnswer) => void = () => {}, request = upgrade, headers: string[] = []) =>
  openai.watchTunnel?.(request, headers, tell);

const create = (model: string, lane?: string) => ({ type: 'response.create', model, input: 'hi', ...(lane && { stream_id: lane }) });
const counts = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 70 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 30 },
};
const usage = { input: 30, output: 10, cacheRead: 70, cacheWrite: 0, reasoning: 30 };
const last = (status: string, rest: object = {}, lane?: string) => ({
  type: `response.${status}`,
  response: { id: 'resp_1', model: 'gpt-5-2026', status, error: null, usage: counts, ...rest },
  ...(lane && { stream_id: lane }),
});
const delta = { type: 'response.output_text.delta', delta: '"type":"response.completed"' };
const begun = { type: 'response.created', response: { status: 'in_progress', error: null } };

type Step = { agent?: object; upstream?: object };

/** What is told of a conversation, every direction of it cut in pieces of so many bytes. */
function told(steps: readonly Step[], size = Number.POSITIVE_INFINITY, end = false): TunnelAnswer[] {
  const answers: TunnelAnswer[] = [];
  const watcher = watch((answer) => answers.push(answer))!;
  const inPieces = (bytes: Buffer, see: (piece: Buffer) => void) => {
    for (let at = 0; at < bytes.length; at += size) see(bytes.subarray(at, Math.min(at + size, bytes.length)));
  };
  for (const { agent, upstream } of steps) {
    if (agent) inPieces(fromClient(agent), (piece) => watcher.sent(piece));
    if (upstream) inPieces(fromServer(upstream), (piece) => watcher.received(piece));
  }
  if (end) watcher.end();
  return answers;
}

describe('responses over a WebSocket', () => {
  const good = [{ agent: create('gpt-5') }, { upstream: begun }, { upstream: delta }, { upstream: last('completed') }];

  it.each([1, 2, 7, Number.POSITIVE_INFINITY])('tell their model, tokens and verdict, in pieces of %d bytes', (size) => {
    expect(told([...good, ...good], size)).toEqual([
      { model: 'gpt-5', verdict: 'ok', usage, complete: true },
      { model: 'gpt-5', verdict: 'ok', usage, complete: true },
    ]);
  });

  it.each([
    ['filtered', last('incomplete', { incomplete_details: { reason: 'content_filter' } }), 'content-filter'],
    ['out of tokens', last('incomplete', { incomplete_details: { reason: 'max_output_tokens' } }), 'ok'],
    ['refused', last('completed', { output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }] }), 'content-filter'],
    ['failed by its limits', last('failed', { error: { code: 'rate_limit_exceeded' } }), 'rate-limited'],
    ['failed without a word', last('failed'), 'server-error'],
    [
      'an error',
      { type: 'error', status: 400, error: { type: 'invalid_request_error', code: 'previous_response_not_found' } },
      'client-error',
    ],
    ['an error by its status alone', { type: 'error', status: 429, error: { message: 'slow' } }, 'rate-limited'],
    ['an error in the flat form', { type: 'error', code: 'context_length_exceeded', message: 'long', param: null }, 'context-length'],
  ])('that are %s are judged so', (_how, event, verdict) => {
    expect(told([{ agent: create('gpt-5') }, { upstream: event }])).toMatchObject([{ model: 'gpt-5', verdict, complete: true }]);
  });

  it('are told once where an error is repeated as a failure', () => {
    const error = { upstream: { type: 'error', error: { code: 'server_error' } } };
    const failed = { upstream: last('failed', { error: { code: 'server_error' } }) };
    expect(told([{ agent: create('a') }, error, failed])).toHaveLength(1);
    expect(told([{ agent: create('a') }, error, { agent: create('a') }, failed])).toHaveLength(2);
    expect(told([{ agent: create('a') }, failed, failed])).toHaveLength(2);
  });

  it('are told apart by their lanes', () => {
    const answers = told([
      { agent: create('a', 'one') },
      { agent: create('b', 'two') },
      { agent: create('c') },
      { upstream: last('completed', {}, 'two') },
      { upstream: last('completed') },
      { upstream: last('completed', {}, 'one') },
    ]);
    expect(answers.map(({ model }) => model)).toEqual(['b', 'c', 'a']);
  });

  it('are named as the upstream names them where the agent was not understood', () => {
    expect(told([{ upstream: last('completed') }])).toMatchObject([{ model: 'gpt-5-2026', verdict: 'ok' }]);
  });

  it('are told wherever the type of an event stands', () => {
    const { type, ...rest } = last('completed');
    expect(told([{ upstream: { ...rest, type } }])).toMatchObject([{ verdict: 'ok', usage }]);
    expect(told([{ upstream: { delta: delta.delta, type: delta.type } }])).toEqual([]);
  });

  it('that never came are lost by the upstream, unless the agent closed first', () => {
    const lost = (close: (watcher: NonNullable<ReturnType<typeof watch>>) => void) => {
      const answers: TunnelAnswer[] = [];
      const watcher = watch((answer) => answers.push(answer))!;
      watcher.sent(fromClient(create('gpt-5')));
      close(watcher);
      watcher.end();
      watcher.end();
      return answers;
    };
    const close = frame(8, Buffer.from([3, 232]));
    const network = [{ model: 'gpt-5', verdict: 'network', complete: false }];
    const cancelled = [{ model: 'gpt-5', verdict: 'cancelled', complete: false }];
    expect(lost(() => {})).toEqual(network);
    expect(lost((watcher) => watcher.left())).toEqual(cancelled);
    expect(lost((watcher) => watcher.sent(close))).toEqual(cancelled);
    expect(
      lost((watcher) => {
        watcher.received(close);
        watcher.sent(close);
        watcher.left();
      }),
    ).toEqual(network);
  });

  it('keep no more than 64 that were asked for', () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ agent: create(`m${i}`) }));
    expect(told(many, undefined, true).map(({ model }) => model)).toEqual(Array.from({ length: 64 }, (_, i) => `m${i + 36}`));
  });

  it('are not looked into on other paths, nor where messages are compressed', () => {
    expect(watch()).toBeDefined();
    expect(watch(undefined, { ...upgrade, path: '/v1/realtime?model=x' })).toBeUndefined();
    expect(watch(undefined, upgrade, ['Sec-WebSocket-Extensions', 'permessage-deflate'])).toBeUndefined();
  });
});
