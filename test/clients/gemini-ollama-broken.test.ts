import { describe, expect, test } from 'vitest';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import type { Script } from '../kit/raw-upstream.ts';
import { bothWaysTo, expectSameRequests, type Run, type Way } from './both-ways.ts';
import { eventStream } from './events.ts';
import { bare, contents, geminiAt } from './gemini.ts';
import { ollamaAt, talk } from './ollama.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

interface Streamed {
  events: unknown[];
  error?: { class: string; message: string };
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

const part = (text: string, more: object = {}) => ({ candidates: [{ content: { role: 'model', parts: [{ text }] }, ...more }] });
const event = (data: object) => chunk(`data: ${JSON.stringify(data)}\r\n\r\n`);
const overloaded = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };
const lines = http(['HTTP/1.1 200 OK', 'Content-Type: application/x-ndjson', 'Transfer-Encoding: chunked']);
const line = (data: object) => chunk(`${JSON.stringify(data)}\n`);
const said = (content: string) => line({ model: 'llama-x', message: { role: 'assistant', content }, done: false });

const clients = [
  {
    client: 'the Google SDK',
    dialect: 'gemini',
    begun: eventStream + event(part('Hel')),
    failed: event(overloaded),
    use: async (way: Way) => {
      const { events, error } = await drain(await geminiAt(way).models.generateContentStream(contents('hello')));
      return { events: (events as object[]).map(bare), error };
    },
    error: { class: 'ApiError', status: 502, message: expect.stringContaining('upstream_unreachable') },
  },
  {
    client: 'the Ollama client',
    dialect: 'ollama',
    begun: lines + said('Hel'),
    failed: line({ error: 'The model is overloaded.' }),
    use: async (way: Way) => drain(await ollamaAt(way).chat({ ...talk('hello'), stream: true })),
    error: { class: 'Error', message: expect.stringContaining('broke off') },
  },
];

describe.each(withAndWithout)('a broken answer is an error, never a success, %s', (_, policy) => {
  describe.each(clients)('to $client', ({ dialect, begun, failed, use, error }) => {
    test('where it is cut, after all that came', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun), { dialect, use, policy });
      expect(streamed(direct)).toHaveProperty('error');
      expect(streamed(through)).toMatchObject({ events: streamed(direct).events, error });
      expect(JSON.stringify(streamed(through).events)).toContain('"Hel"');
      expectSameRequests(through, direct);
    });

    test('where it ends as HTTP wants it, but not as the format does', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun + lastChunk), { dialect, use, policy });
      expect(streamed(through)).toMatchObject({ events: streamed(direct).events, error });
    });

    test('where the provider tells an error in the middle: the same one both ways', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun + failed + lastChunk), { dialect, use, policy });
      expect(JSON.stringify(direct.told)).toContain('The model is overloaded.');
      expect(streamed(through)).toStrictEqual(streamed(direct));
      expectSameRequests(through, direct);
    });
  });
});

test("what is appended to Ollama's lines is one line", async () => {
  const use = async ({ url }: Way) => {
    const { body } = await fetch(`${url}/api/chat`, { method: 'POST', body: '{"model":"llama-x"}' });
    const { events } = await drain(body!);
    return Buffer.concat(events as Uint8Array[]).toString();
  };
  const { direct, through } = await bothWaysTo(cutAfter(lines + said('Hel')), { dialect: 'ollama', use });
  const { value: begun } = direct.told as { value: string };
  const { value } = through.told as { value: string };
  expect(value.slice(0, begun.length)).toBe(begun);
  expect(value.slice(begun.length)).toMatch(/^\{"error":".*"\}\n$/);
});

describe('an answer that Google streams as an array', () => {
  const head = http(['HTTP/1.1 200 OK', 'Content-Type: application/json', 'Transfer-Encoding: chunked']);
  const ask = async ({ url }: Way) => {
    const response = await fetch(`${url}/v1beta/models/gemini-x:streamGenerateContent`, { method: 'POST', body: '{"contents":[]}' });
    return response.json();
  };
  const use = (bytes: string) => bothWaysTo(cutAfter(head + bytes), { dialect: 'gemini', use: ask });

  test('passes as it is', async () => {
    const parts = [part('Hel'), part('lo', { finishReason: 'STOP' })];
    const { direct, through } = await use(
      chunk('[') + parts.map((item, i) => chunk((i > 0 ? ',\r\n' : '') + JSON.stringify(item))).join('') + chunk(']') + lastChunk,
    );
    expect(through.told).toEqual({ value: parts });
    expect(direct.told).toEqual(through.told);
  });

  test('is broken where it is cut', async () => {
    const { through } = await use(chunk(`[${JSON.stringify(part('Hel'))}`));
    expect(through.told).toMatchObject({ error: { message: 'terminated' } });
  });
});
