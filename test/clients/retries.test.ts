import type { Fixture, FixtureResponse } from '@copilotkit/aimock';
import { describe, expect, test } from 'vitest';
import { lastChunk } from '../kit/http-text.ts';
import { rawUpstream, type Script } from '../kit/raw-upstream.ts';
import { anthropicAt, envelope as anthropicEnvelope, ask } from './anthropic.ts';
import { provider, throughSidecar, type Way } from './both-ways.ts';
import { chat, eventStream, messages, responses } from './events.ts';
import { envelope, openaiAt, say } from './openai.ts';
import { policies } from './policies.ts';
import { drain } from './told.ts';

const text = 'one two three four five six seven eight nine ten';

/** Fails so often, then answers. */
function failing(times: number, error: FixtureResponse, answer: FixtureResponse): Fixture[] {
  const failures = Array.from({ length: times }, (_, sequenceIndex) => ({
    match: { userMessage: 'hello', sequenceIndex },
    response: error,
  }));
  return [...failures, { match: { userMessage: 'hello' }, response: answer }];
}

/** The verdicts of the ledger in the response header, in order. */
function verdicts(headers: Headers): string[] {
  return [...(headers.get('x-outrigger-attempts') ?? '').matchAll(/verdict=([a-z-]+)/g)].map(([, verdict]) => verdict!);
}

const error = (status: number, type: string): FixtureResponse => ({ error: { message: 'not now', type }, status, retryAfter: 0.01 });

const clients = [
  {
    client: 'the OpenAI SDK',
    dialect: 'openai',
    answer: { content: text, ...envelope },
    retryCount: /^x-stainless-retry-count: (\d+)$/im,
    call: async (way: Way) => {
      const { data, response } = await openaiAt(way).chat.completions.create(say('hello')).withResponse();
      return { text: data.choices[0]?.message.content, response };
    },
    stream: async (way: Way) => {
      const { data, response } = await openaiAt(way)
        .chat.completions.create({ ...say('hello'), stream: true })
        .withResponse();
      let streamed = '';
      for await (const { choices } of data) streamed += choices[0]?.delta.content ?? '';
      return { text: streamed, response };
    },
  },
  {
    client: 'the Anthropic SDK',
    dialect: 'anthropic',
    answer: { content: text, ...anthropicEnvelope },
    retryCount: /^x-stainless-retry-count: (\d+)$/im,
    call: async (way: Way) => {
      const { data, response } = await anthropicAt(way).messages.create(ask('hello')).withResponse();
      return { text: data.content[0]?.type === 'text' ? data.content[0].text : undefined, response };
    },
    stream: async (way: Way) => {
      const { data, response } = await anthropicAt(way)
        .messages.create({ ...ask('hello'), stream: true })
        .withResponse();
      let streamed = '';
      for await (const event of data)
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') streamed += event.delta.text;
      return { text: streamed, response };
    },
  },
];

describe.each(clients)('$client sees one success', ({ dialect, answer, retryCount, call, stream }) => {
  test.each([
    [429, 'rate_limit_error', 'rate-limited'],
    [503, 'server_error', 'overloaded'],
    [529, 'overloaded_error', 'overloaded'],
    [500, 'server_error', 'server-error'],
  ])('where the provider answers %i twice, %s', async (status, type, verdict) => {
    for (const use of [call, stream]) {
      const upstream = await provider(failing(2, error(status, type), answer));
      const { text: got, response } = await use(await throughSidecar(upstream, dialect, policies));
      expect(got).toBe(text);
      expect(response.status).toBe(200);
      expect(verdicts(response.headers)).toEqual([verdict, verdict, 'ok']);
      expect(upstream.requests).toHaveLength(3);
      expect(new Set(upstream.requests.map(({ body }) => body)).size).toBe(1);
      // The client itself has called once.
      expect(upstream.requests.map((request) => retryCount.exec(request.headerLines.join('\n'))?.[1])).toEqual(['0', '0', '0']);
    }
  });

  test('where the provider hangs up once', async () => {
    const dropping = { match: { userMessage: 'hello', sequenceIndex: 0 }, response: answer, chaos: { disconnectRate: 1 } };
    const upstream = await provider([dropping, { match: { userMessage: 'hello' }, response: answer }]);
    const { text: got, response } = await call(await throughSidecar(upstream, dialect, policies));
    expect(got).toBe(text);
    expect(verdicts(response.headers)).toEqual(['network', 'ok']);
    expect(upstream.requests).toHaveLength(2);
  });
});

/** Each request is answered by the next of these, which is all there is on its connection. */
const inTurn =
  (answers: string[]): Script =>
  async (connection) => {
    if (!(await connection.request())?.whole) return;
    connection.send(answers.shift()!);
    connection.halfClose();
  };

const streams = [
  {
    stream: 'a chat of the OpenAI SDK',
    dialect: 'openai',
    failed: eventStream + chat.role + chat.error + lastChunk,
    cut: eventStream + chat.role,
    empty: eventStream + chat.role + chat.done + lastChunk,
    clean: eventStream + chat.role + chat.text('Hello') + chat.stop + chat.done + lastChunk,
    open: (way: Way) =>
      openaiAt(way)
        .chat.completions.create({ ...say('hello'), stream: true })
        .withResponse(),
  },
  {
    stream: 'a response of the OpenAI SDK',
    dialect: 'openai',
    failed: eventStream + responses.created + responses.failed + lastChunk,
    cut: eventStream + responses.created,
    empty: eventStream + responses.created + lastChunk,
    clean: eventStream + responses.created + responses.text('Hello') + responses.completed + lastChunk,
    open: (way: Way) => openaiAt(way).responses.create({ model: 'gpt-x', input: 'hello', store: false, stream: true }).withResponse(),
  },
  {
    stream: 'a message of the Anthropic SDK',
    dialect: 'anthropic',
    failed: eventStream + messages.start + messages.error + lastChunk,
    cut: eventStream + messages.start + messages.block,
    empty: eventStream + messages.start + lastChunk,
    clean:
      eventStream + messages.start + messages.block + messages.text('Hello') + messages.blockEnd + messages.stop + messages.end + lastChunk,
    open: (way: Way) =>
      anthropicAt(way)
        .messages.create({ ...ask('hello'), stream: true })
        .withResponse(),
  },
];

describe.each(streams)('$stream is clean', ({ dialect, failed, cut, empty, clean, open }) => {
  test.each([
    ['tells an error', failed],
    ['breaks off', cut],
    ['ends', empty],
  ])('where the first try %s before there is content', async (_, bad) => {
    const direct = await rawUpstream(inTurn([clean]));
    const upstream = await rawUpstream(inTurn([bad, clean]));
    const through = await open(await throughSidecar(upstream, dialect, policies));
    const events = await drain(through.data as AsyncIterable<unknown>);
    expect(events).not.toHaveProperty('error');
    expect(JSON.stringify(events)).toContain('Hello');
    expect(events).toEqual(await drain((await open(direct)).data as AsyncIterable<unknown>));
    expect(verdicts(through.response.headers)).toHaveLength(2);
    expect(verdicts(through.response.headers)[1]).toBe('ok');
    expect(upstream.requests).toHaveLength(2);
  });
});
