import { describe, expect, test } from 'vitest';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import type { Script } from '../kit/raw-upstream.ts';
import { anthropicAt, ask } from './anthropic.ts';
import { bothWays, bothWaysTo, expectSameRequests, type Run, type Way } from './both-ways.ts';
import { chat, eventStream, messages, responses } from './events.ts';
import { envelope, openaiAt, say } from './openai.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

interface Streamed {
  events: unknown[];
  error?: { class: string; message: string; code?: string; error?: unknown; type?: string };
}

const streamed = ({ told }: Run) => (told as { value: Streamed }).value;

/** Sends this to every request and leaves at once. */
const cutAfter =
  (bytes: string): Script =>
  async (connection) => {
    if (!(await connection.request())?.whole) return;
    connection.send(bytes);
    connection.halfClose();
  };

const clients = [
  {
    client: 'the OpenAI SDK, chat',
    dialect: 'openai',
    begun: eventStream + chat.role + chat.text('Hel'),
    failed: chat.error,
    use: async (way: Way) => drain(await openaiAt(way).chat.completions.create({ ...say('hello'), stream: true })),
    final: (way: Way) => openaiAt(way).chat.completions.stream(say('hello')).finalChatCompletion(),
    // An error of ours in the caller's format.
    error: { class: 'APIError', code: 'upstream_unreachable' },
  },
  {
    client: 'the OpenAI SDK, responses',
    dialect: 'openai',
    begun: eventStream + responses.created + responses.text('Hel'),
    failed: responses.failed,
    use: async (way: Way) => drain(await openaiAt(way).responses.create({ model: 'gpt-x', input: 'hello', stream: true })),
    final: (way: Way) => openaiAt(way).responses.stream({ model: 'gpt-x', input: 'hello' }).finalResponse(),
    error: { class: 'APIError', code: 'upstream_unreachable' },
  },
  {
    client: 'the Anthropic SDK',
    dialect: 'anthropic',
    begun: eventStream + messages.start + messages.block + messages.text('Hel'),
    failed: messages.error,
    use: async (way: Way) => drain(await anthropicAt(way).messages.create({ ...ask('hello'), stream: true })),
    final: (way: Way) => anthropicAt(way).messages.stream(ask('hello')).finalMessage(),
    error: { class: 'APIError', type: 'api_error', errorCode: 'upstream_unreachable' },
  },
];

describe.each(withAndWithout)('a broken answer is an error, never a success, %s', (_, policy) => {
  describe.each(clients)('to $client', ({ dialect, begun, failed, use, final, error }) => {
    test('where it is cut, after all that came', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun), { dialect, use, policy });
      expect(streamed(direct).error).toMatchObject({ class: 'TypeError', message: 'terminated' });
      expect(streamed(through).error).toMatchObject(error);
      expect(streamed(through).events).toStrictEqual(streamed(direct).events);
      expect(JSON.stringify(streamed(direct).events)).toContain('"Hel"');
      expectSameRequests(through, direct);
    });

    test('where it ends as HTTP wants it, but not as the format does', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun + lastChunk), { dialect, use, policy });
      expect(streamed(direct)).not.toHaveProperty('error');
      expect(streamed(through).error).toMatchObject(error);
      expect(streamed(through).events).toStrictEqual(streamed(direct).events);
    });

    test('where the SDK puts the stream together', async () => {
      const { through } = await bothWaysTo(cutAfter(begun), { dialect, use: final, policy });
      expect(through.told).toHaveProperty('error.class');
      expect(through.upstream.requests).toHaveLength(1);
    });

    test('where the provider tells an error in the middle: the same one both ways', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun + failed + lastChunk), { dialect, use, policy });
      expect(JSON.stringify(direct.told)).toMatch(/The server had an error|Overloaded/);
      expect(streamed(through).events).toStrictEqual(streamed(direct).events);
      if (streamed(direct).error) expect(streamed(through).error).toStrictEqual(streamed(direct).error);
      expectSameRequests(through, direct);
    });
  });
});

describe('a broken answer is an error both ways', () => {
  const fixture = { match: { userMessage: 'hello' }, response: { content: 'one two three four five six', ...envelope } };

  test('where a provider cuts its stream after some chunks', async () => {
    const { direct, through } = await bothWays({
      dialect: 'openai',
      fixtures: [{ ...fixture, truncateAfterChunks: 4, latency: 5, chunkSize: 4 }],
      use: clients[0]!.use,
    });
    expect(streamed(direct).events.length).toBeGreaterThan(1);
    expect(streamed(direct).error).toMatchObject({ message: 'terminated' });
    expect(streamed(through).events).toStrictEqual(streamed(direct).events);
    expect(streamed(through).error).toMatchObject(clients[0]!.error);
    expectSameRequests(through, direct);
  });

  test('where it hangs up instead of answering: the SDK tries as often', async () => {
    const { direct, through } = await bothWays({
      dialect: 'openai',
      fixtures: [{ ...fixture, chaos: { disconnectRate: 1 } }],
      use: (way) => openaiAt(way, { maxRetries: 1 }).chat.completions.create(say('hello')),
    });
    expect(direct.told).toMatchObject({ error: { class: 'APIConnectionError' } });
    expect(through.told).toMatchObject({ error: { class: 'InternalServerError', status: 502, code: 'upstream_unreachable' } });
    expectSameRequests(through, direct);
    expect(direct.upstream.requests).toHaveLength(2);
  });

  test('where a JSON document is shorter than its length', async () => {
    const script = cutAfter(http(['HTTP/1.1 200 OK', 'Content-Type: application/json', 'Content-Length: 900'], '{"id":"1","choices":[]'));
    const { direct, through } = await bothWaysTo(script, {
      dialect: 'openai',
      use: (way) => openaiAt(way, { maxRetries: 0 }).chat.completions.create(say('hello')),
    });
    expect(direct.told).toMatchObject({ error: { class: 'TypeError', message: 'terminated' } });
    expect(through.told).toMatchObject({ error: { class: 'TypeError', message: 'terminated' } });
  });

  test('where the last bytes and the end of the connection come together, no byte is lost', async () => {
    const body = 'x'.repeat(50_000);
    const script = cutAfter(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']) + chunk(body) + chunk('last'));
    const { direct, through } = await bothWaysTo(script, {
      dialect: 'http',
      use: async ({ url }) => {
        const decoder = new TextDecoder();
        const { events, error } = await drain((await fetch(url)).body!);
        return { text: (events as Uint8Array[]).map((bytes) => decoder.decode(bytes)).join(''), error: (error as Error).message };
      },
    });
    expect(direct.told).toStrictEqual({ value: { text: `${body}last`, error: 'terminated' } });
    expect(through.told).toStrictEqual(direct.told);
  });
});
