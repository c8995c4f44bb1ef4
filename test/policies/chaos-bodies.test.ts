import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProxiedRequest } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import { headerValue } from '../../src/core/headers.ts';
import type { Reply } from '../../src/core/outcome.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { chat, chatRequest, chunked, completion, events, json, replyIn, sse, streamed, type Written, whole } from './chaos-kit.ts';
import { openReply, openTunnel, request, textOf, wholeReply } from './kit.ts';

type WrittenFault = NonNullable<Written['faults']>[number];
const passed = (count: number) => events.slice(0, count).join('');
const all = passed(events.length);
const cutInvalid = (text: string, at: number) => `${text.slice(0, at)}<${text.slice(at + 1)}`;
const streamCall = { kind: 'llm', stream: true, repeatable: true, stateful: false } as const;

/** A request that is an object of a class, as a real one is. */
class Described implements ProxiedRequest {
  readonly method = 'POST';
  readonly path = '/v1/chat/completions';
  readonly idempotent = false;
  readonly headers: readonly string[];
  readonly body: ProxiedRequest['body'];
  readonly hinted = () => {};
  readonly #facts: ProxiedRequest;

  constructor(facts: ProxiedRequest) {
    this.#facts = facts;
    this.headers = facts.headers;
    this.body = facts.body;
  }

  call() {
    return this.#facts.call();
  }
}

/** The text at the given cuts. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts)].filter((cut) => cut > 0 && cut < text.length).sort((a, b) => a - b);
  return [0, ...at].map((start, i) => text.slice(start, at[i] ?? text.length));
}

describe('a fault in a stream of events', () => {
  const faults: [fault: WrittenFault, text: string, ending: object][] = [
    [{ kind: 'cut', after: 2 }, passed(2), { verdict: 'network', complete: false, cause: new Error('an injected cut') }],
    [{ kind: 'cut', after: 0 }, '', { verdict: 'network', complete: false }],
    [{ kind: 'cut', after: 99 }, all, { verdict: 'network', complete: false }],
    [{ kind: 'truncate', after: 3 }, passed(3), { verdict: 'ok', complete: true }],
    [{ kind: 'malformed', after: 2 }, cutInvalid(all, all.indexOf('{', passed(2).length)), { verdict: 'ok', complete: true }],
  ];

  for (const [fault, text, ending] of faults) {
    it(`hits at the same place however the stream is cut into chunks: ${fault.kind} after ${fault.after}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(all.length), { maxLength: 8 }), fc.constantFrom('\n', '\r\n', '\r'), async (cuts, lineEnd) => {
          const ended = (plain: string) => plain.replaceAll('\n', lineEnd);
          const test = chat({ faults: [fault] }, () => chunked(sse, pieces(ended(all), cuts)));
          const reply = await replyIn(test);
          expect(reply.origin).toBe('chaos');
          // A line feed that is still on its way belongs to no event.
          expect((await textOf(reply)).replace(/\r$/, lineEnd)).toBe(ended(text));
          expect(await reply.ended).toMatchObject(ending);
          expect(test.on.noted('fault-injected')).toMatchObject([{ attempt: 1, fault: fault.kind }]);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('tells comments from events', async () => {
    const reply = await replyIn(chat({ faults: [{ kind: 'truncate', after: 1 }] }, () => chunked(sse, [`: hi\n\n: ho\n\n${all}`])));
    expect(await textOf(reply)).toBe(`: hi\n\n: ho\n\n${passed(1)}`);
  });

  it('takes any number of empty lines for one end of an event, and the line feed of the last for its own', async () => {
    const spaced = events.map((event) => `${event}\n\n`.replaceAll('\n', '\r\n'));
    const reply = await replyIn(chat({ faults: [{ kind: 'truncate', after: 2 }] }, () => chunked(sse, [spaced.join('')])));
    expect(await textOf(reply)).toBe(`${spaced[0]}${events[1].replaceAll('\n', '\r\n')}`);
  });

  it('frees the upstream once no more is wanted of it', async () => {
    for (const kind of ['cut', 'truncate', 'in-band-error'] as const) {
      const open = openReply({ headers: sse });
      for (const event of events) open.push(event);
      await textOf(await replyIn(chat({ faults: [{ kind }] }, open.reply)));
      expect(open.discarded).toBe(true);
    }
  });

  it('is judged as a real one before the answer is out', async () => {
    const before = { gate: true };
    expect(await chat({ faults: [{ kind: 'cut' }] }, streamed, before).run).toMatchObject({
      kind: 'failure',
      verdict: 'network',
      origin: 'chaos',
    });
    for (const [kind, verdict] of [
      ['truncate', 'network'],
      ['malformed', 'server-error'],
      ['in-band-error', 'server-error'],
    ] as const) {
      const reply = await replyIn(chat({ faults: [{ kind }] }, streamed, before));
      expect(reply).toMatchObject({ verdict, origin: 'chaos' });
    }
  });

  it('ends an answer that is out as a real one', async () => {
    for (const [kind, verdict] of [
      ['cut', 'network'],
      ['truncate', 'network'],
      ['malformed', 'server-error'],
      ['in-band-error', 'server-error'],
    ] as const) {
      const reply = await replyIn(chat({ faults: [{ kind, after: 3 }] }, streamed, { gate: true }));
      expect(reply.verdict).toBe('ok');
      await textOf(reply);
      expect(await reply.ended).toMatchObject({ verdict, complete: kind === 'malformed' });
    }
  });

  it('in-band-error: is told in the format’s own form, and the stream ends there', async () => {
    const openai = await replyIn(chat({ faults: [{ kind: 'in-band-error', after: 2 }] }, streamed));
    const text = await textOf(openai);
    expect(text.startsWith(passed(2))).toBe(true);
    const told = /^data: (.*)\n\n$/.exec(text.slice(passed(2).length));
    expect(JSON.parse(told?.[1] ?? '')).toMatchObject({ error: { message: 'An injected fault.', type: 'server_error' } });
    expect(await openai.ended).toMatchObject({ verdict: 'ok', complete: true });

    const asked = request({ method: 'POST', path: '/v1/messages', call: () => streamCall });
    const messages = chat({ faults: [{ kind: 'in-band-error' }] }, () => chunked(sse, ['event: ping\ndata: {"type":"ping"}\n\n', 'x']), {
      dialect: anthropic,
      request: asked,
    });
    expect(await textOf(await replyIn(messages))).toMatch(
      /^event: ping\ndata: {"type":"ping"}\n\nevent: error\ndata: {"type":"error",.*"An injected fault\.".*}\n\n$/,
    );

    const lines = ['{"message":{"content":"a"},"done":false}\n', '{"message":{"content":"b"},"done":true}\n'];
    const local = chat({ faults: [{ kind: 'in-band-error' }] }, () => chunked(['content-type', 'application/x-ndjson'], lines), {
      dialect: ollama,
      request: request({ method: 'POST', path: '/api/chat', call: () => streamCall }),
    });
    expect((await textOf(await replyIn(local))).split('\n')).toEqual([
      lines[0]?.trim(),
      expect.stringContaining('{"error":"An injected fault."'),
      '',
    ]);
  });

  it('stall: goes silent for a time and on from there', async () => {
    const test = chat({ faults: [{ kind: 'stall', after: 2, for: '20s' }] }, streamed);
    const reply = await replyIn(test);
    let text = '';
    const reading = (async () => {
      for await (const bytes of reply.body) text += Buffer.from(bytes).toString();
    })();
    await test.clock.advance(19_999);
    expect(text).toBe(passed(2));
    await test.clock.advance(1);
    await reading;
    expect(text).toBe(all);
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
  });

  it('stall: without a time it ends by the idle limit, or when the body is given up, and leaves no timer', async () => {
    const test = chat({ faults: [{ kind: 'stall', after: 2 }] }, streamed, { gate: true });
    const reply = await replyIn(test);
    const reading = textOf(reply);
    await test.clock.advance(3_600_000);
    expect(await reading).toBe(passed(2));
    expect(await reply.ended).toMatchObject({ verdict: 'timeout', complete: false });
    expect(test.on.noted('timeout')).toMatchObject([{ phase: 'idle' }]);

    for (const fault of [
      { kind: 'stall', after: 0, for: '1h' },
      { kind: 'slow-drip', every: '1h' },
    ] as const) {
      const left = chat({ faults: [fault] }, streamed);
      const given = await replyIn(left);
      const read = given.body.next();
      await left.clock.advance(5);
      given.discard();
      expect(await read).toEqual({ done: true, value: undefined });
      expect(await given.ended).toMatchObject({ verdict: 'cancelled', complete: false });
      expect(left.clock.pending).toBe(0);
    }
  });

  it('slow-drip: comes in small pieces, one every so often', async () => {
    const test = chat({ faults: [{ kind: 'slow-drip', bytes: 10, every: '50ms' }] }, () => chunked(sse, ['x'.repeat(25), 'y'.repeat(5)]));
    const reply = await replyIn(test);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of reply.body) seen.push(`${test.clock.now()} ${Buffer.from(bytes).toString()}`);
    })();
    await test.clock.advance(1_000);
    await reading;
    expect(seen).toEqual(['50 xxxxxxxxxx', '100 xxxxxxxxxx', '150 xxxxx', '200 yyyyy']);
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
  });

  it('says nothing of a fault that the agent did not wait for', async () => {
    const reply = await replyIn(chat({ faults: [{ kind: 'in-band-error', after: 1 }] }, streamed));
    await reply.body.next();
    await reply.body.next();
    reply.discard();
    expect(await reply.ended).toMatchObject({ verdict: 'cancelled', complete: false });
  });
});

describe('a fault in any other body', () => {
  const half = completion.slice(0, completion.length >> 1);
  const inTwo = () => chunked([...json, 'content-length', String(completion.length)], pieces(completion, [10, 100]));

  it('hits in its middle, as far as its length is known', async () => {
    for (const [kind, complete] of [
      ['cut', false],
      ['truncate', true],
    ] as const) {
      const reply = await replyIn(chat({ faults: [{ kind }] }, inTwo, { stream: false }));
      expect(await textOf(reply)).toBe(half);
      expect(await reply.ended).toMatchObject({ complete });
      // What ends early as if it were whole must not have promised more.
      expect(headerValue(reply.headers, 'content-length')).toBe(complete ? undefined : String(completion.length));
    }
    const unknown = await replyIn(chat({ faults: [{ kind: 'cut' }] }, () => chunked(json, ['0123456789', 'rest']), { stream: false }));
    expect(await textOf(unknown)).toBe('01234');
  });

  it('is judged as a real one', async () => {
    const judged = async (fault: WrittenFault) => (await chat({ faults: [fault] }, inTwo, { stream: false, gate: true }).run) as Reply;
    expect(await judged({ kind: 'cut' })).toMatchObject({ kind: 'failure', verdict: 'network', origin: 'chaos' });
    expect(await judged({ kind: 'truncate' })).toMatchObject({ verdict: 'server-error', origin: 'chaos', status: 200 });
    expect(await judged({ kind: 'malformed' })).toMatchObject({ verdict: 'server-error', origin: 'chaos', status: 200 });
  });

  it('malformed: loses its first brace and keeps its length', async () => {
    const reply = await replyIn(chat({ faults: [{ kind: 'malformed' }] }, whole, { stream: false }));
    expect(await textOf(reply)).toBe(`<${completion.slice(1)}`);
    expect(headerValue(reply.headers, 'content-length')).toBe(String(completion.length));
  });

  it('stall and slow-drip: come whole in the end', async () => {
    for (const fault of [{ kind: 'stall', for: '5s' }, { kind: 'slow-drip' }] as const) {
      const test = chat({ faults: [fault] }, whole, { stream: false });
      const reading = textOf(await replyIn(test));
      await test.clock.advance(10);
      await test.clock.advance(10_000);
      expect(await reading).toBe(completion);
    }
  });

  it('has nothing to hit in failures, tunnels, bad replies and replies without a body', async () => {
    const kinds = ['cut', 'stall', 'slow-drip', 'malformed', 'in-band-error', 'truncate'] as const;
    for (const kind of kinds) {
      for (const outcome of [
        failure('upstream_unreachable', 'down'),
        openTunnel().tunnel,
        wholeReply({ verdict: 'server-error', status: 500 }),
        wholeReply({ headers: sse }, ''),
      ]) {
        const test = chat({ faults: [{ kind }] }, outcome);
        expect(await test.run).toBe(outcome);
        expect(test.on.noted('fault-injected')).toEqual([]);
      }
    }
  });
});

describe('compression', () => {
  it('is not asked for, where events are to be told apart', async () => {
    const asked = new Described(chatRequest(true, ['Accept-Encoding', 'gzip, br', 'X-Other', 'accept-encoding', 'X-Last', '1']));
    const test = chat({ faults: [{ kind: 'cut' }] }, streamed, { request: asked });
    await test.run;
    const sent = test.next.calls[0]?.request;
    expect(sent?.headers).toEqual(['Accept-Encoding', 'identity', 'X-Other', 'accept-encoding', 'X-Last', '1']);
    expect(sent?.call()).toMatchObject({ kind: 'llm', model: 'gpt-5' });
  });

  it('of an upstream that compresses all the same: a cut hits its bytes, and nothing is written into them', async () => {
    const packed = gzipSync(all);
    const answer = () => chunked([...sse, 'content-encoding', 'gzip', 'content-length', String(packed.length)], [packed]);
    const cut = await replyIn(chat({ faults: [{ kind: 'cut' }] }, answer));
    await textOf(cut);
    expect(await cut.ended).toMatchObject({ verdict: 'network', complete: false });
    for (const kind of ['malformed', 'in-band-error'] as const) {
      const test = chat({ faults: [{ kind }] }, answer);
      expect(await replyIn(test)).toMatchObject({ origin: 'upstream' });
      expect(test.on.noted('fault-injected')).toEqual([]);
    }
  });
});
