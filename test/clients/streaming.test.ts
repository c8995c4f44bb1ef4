import { describe, expect, test } from 'vitest';
import { lastChunk } from '../kit/http-text.ts';
import { type RawUpstream, rawUpstream, silent } from '../kit/raw-upstream.ts';
import { within } from '../kit/timing.ts';
import { anthropicAt, ask } from './anthropic.ts';
import { throughSidecar, type Way } from './both-ways.ts';
import { chat, eventStream, messages } from './events.ts';
import { openaiAt, say } from './openai.ts';
import { policies } from './policies.ts';
import { tell } from './told.ts';

async function* chatTexts(way: Way, signal?: AbortSignal) {
  const stream = await openaiAt(way).chat.completions.create({ ...say('hello'), stream: true }, { signal });
  for await (const { choices } of stream) if (choices[0]?.delta.content) yield choices[0].delta.content;
}

async function* messageTexts(way: Way, signal?: AbortSignal) {
  const stream = await anthropicAt(way).messages.create({ ...ask('hello'), stream: true }, { signal });
  for await (const event of stream) if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text;
}

/** A stream of a client, and what its provider sends of it piece by piece. */
const clients = [
  {
    client: 'the OpenAI SDK',
    dialect: 'openai',
    begin: eventStream + chat.role + chat.text('0'),
    piece: (i: number) => chat.text(String(i)),
    end: chat.stop + chat.done + lastChunk,
    texts: chatTexts,
    ask: (way: Way, signal: AbortSignal) => openaiAt(way).chat.completions.create(say('hello'), { signal }),
  },
  {
    client: 'the Anthropic SDK',
    dialect: 'anthropic',
    begin: eventStream + messages.start + messages.block + messages.text('0'),
    piece: (i: number) => messages.text(String(i)),
    end: messages.blockEnd + messages.stop + messages.end + lastChunk,
    texts: messageTexts,
    ask: (way: Way, signal: AbortSignal) => anthropicAt(way).messages.create(ask('hello'), { signal }),
  },
];

const ways = [
  ['directly', undefined],
  ['through the sidecar', (upstream: RawUpstream, dialect: string) => throughSidecar(upstream, dialect)],
  ['through the sidecar with policies', (upstream: RawUpstream, dialect: string) => throughSidecar(upstream, dialect, policies)],
] as const;

describe.each(clients)('a stream of $client', ({ dialect, begin, piece, end, texts, ask: call }) => {
  describe.each(ways)('%s', (_, lead) => {
    /** An upstream that leaves it to the test to answer, and the way to it. */
    async function start() {
      const upstream = await rawUpstream(silent);
      return { upstream, way: lead ? await lead(upstream, dialect) : upstream };
    }

    test('gives every event before the next one is sent', async () => {
      const { upstream, way } = await start();
      const stream = texts(way);
      const first = stream.next();
      const connection = await upstream.connection();
      await connection.request();
      connection.send(begin);
      expect(await within(2_000, first, 'the first event')).toEqual({ done: false, value: '0' });
      for (let i = 1; i < 20; i += 1) {
        connection.send(piece(i));
        expect(await within(2_000, stream.next(), `event ${i}`)).toEqual({ done: false, value: String(i) });
      }
      connection.send(end);
      expect(await within(2_000, stream.next(), 'the end')).toEqual({ done: true, value: undefined });
    });

    test('that the caller aborts in the middle is aborted at the provider', async () => {
      const { upstream, way } = await start();
      const aborter = new AbortController();
      const stream = texts(way, aborter.signal);
      const first = stream.next();
      const connection = await upstream.connection();
      await connection.request();
      connection.send(begin);
      await first;
      aborter.abort();
      await within(2_000, connection.ended, 'the end of the connection to the provider');
      // Neither SDK throws: the caller knows.
      expect(await tell(() => stream.next())).toEqual({ value: { done: true } });
      expect(upstream.requests).toHaveLength(1);
    });

    test('that the caller leaves in the middle is aborted at the provider', async () => {
      const { upstream, way } = await start();
      const reading = (async () => {
        for await (const text of texts(way)) return text;
        return undefined;
      })();
      const connection = await upstream.connection();
      await connection.request();
      connection.send(begin);
      expect(await reading).toBe('0');
      await within(2_000, connection.ended, 'the end of the connection to the provider');
    });

    test('call that the caller aborts before the answer is aborted at the provider', async () => {
      const { upstream, way } = await start();
      const aborter = new AbortController();
      const told = tell(() => call(way, aborter.signal));
      const connection = await upstream.connection();
      await connection.request();
      aborter.abort();
      expect(await told).toMatchObject({ error: { class: 'APIUserAbortError' } });
      await within(2_000, connection.ended, 'the end of the connection to the provider');
      expect(upstream.connections).toHaveLength(1);
    });
  });
});
