import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Handler } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import type { Ending, Reply, ReplyHead } from '../../src/core/outcome.ts';
import { storingTerms } from '../../src/policies/cache/storing-terms.ts';
import { type CacheOverrides, cache, llm } from './cache-kit.ts';
import { exchange, openReply, post, request, wholeReply } from './kit.ts';

const unreachable = () => failure('upstream_unreachable', 'no connection');

/** The chunks that the cache serves after it has seen this answer; undefined if it kept nothing. */
async function kept(
  chunks: readonly Uint8Array[],
  head: Partial<ReplyHead> = {},
  ending?: Partial<Ending>,
  overrides: CacheOverrides = {},
) {
  const policy = cache(overrides);
  const answer = openReply(head);
  const first = await policy.run(llm(), async () => answer.reply);
  for (const chunk of chunks) answer.push(Buffer.from(chunk).toString('latin1'));
  answer.end(ending);
  expect(first.kind === 'reply' && Buffer.concat(await read(first)).length).toBe(Buffer.concat(chunks).length);
  const then = await policy.run(llm(), async () => unreachable());
  expect(policy.inspect?.()).toMatchObject({ copyingBytes: 0 });
  return then.kind === 'reply' ? read(then) : undefined;
}

async function read(reply: Reply): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.body) chunks.push(chunk);
  return chunks;
}

const text = [Buffer.from('text')];
const stream = { headers: ['content-type', 'text/event-stream'] };

describe('what a cache keeps', () => {
  it('is a stream in the chunks that it came in', async () => {
    const chunk = fc
      .string({ minLength: 1, maxLength: 3000, unit: fc.constantFrom(...'abc\n'.split('')) })
      .map((part) => Buffer.from(part));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 12 }), async (chunks) => {
        const again = await kept(chunks, stream);
        expect(again?.map((part) => Buffer.from(part).toString())).toEqual(chunks.map(String));
      }),
    );
  });

  it('is a copy of its exact size, and not a view of what it came in', async () => {
    const again = await kept([Buffer.from('a'), Buffer.from('b')]);
    expect(again?.map(({ buffer }) => buffer.byteLength)).toEqual([2, 2]);
  });

  it('is not changed by what happens to the chunks later', async () => {
    const policy = cache();
    const chunk = Buffer.from('text');
    const answer = openReply();
    const outcome = await policy.run(llm(), async () => ({ ...answer }).reply);
    answer.push(chunk.toString());
    answer.end();
    for (const part of outcome.kind === 'reply' ? await read(outcome) : []) part.fill(0);
    const then = await policy.run(llm(), async () => unreachable());
    expect(then.kind === 'reply' && Buffer.concat(await read(then)).toString()).toBe('text');
  });

  it.each<[string, Partial<ReplyHead>, Partial<Ending>?]>([
    ['what broke off', {}, { complete: false, verdict: 'network' }],
    ['a stream that ended without its end mark', stream, { complete: false }],
    ['a stream that turned out bad', stream, { verdict: 'server-error' }],
    ['what has trailers', {}, { trailers: ['x-sum', '1'] }],
    ['a part of a whole', { status: 206 }],
    ['what was created', { status: 201 }],
    ['an injected fault', { origin: 'chaos' }],
    ['what says no-store', { headers: ['Cache-Control', 'max-age=60, No-Store'] }],
    ['what says private', { headers: ['cache-control', 'max-age=60', 'cache-control', 'private="set-cookie"'] }],
    ['what sets a cookie', { headers: ['Set-Cookie', 'session=1'] }],
    ['what depends on more than a key can hold', { headers: ['vary', 'accept, *'] }],
    ['what depends on a field outside the key', { headers: ['vary', 'User-Agent'] }],
    ['what announces more than maxEntry', { headers: ['content-length', '5000000'] }],
  ])('is not %s', async (_, head, ending) => {
    expect(await kept(text, head, ending)).toBeUndefined();
  });

  it('is nothing of an answer that nobody read to its end', async () => {
    const policy = cache();
    const answer = openReply();
    const outcome = await policy.run(llm(), async () => answer.reply);
    answer.push('half');
    if (outcome.kind === 'reply') outcome.discard();
    expect(await policy.run(llm(), async () => unreachable())).toEqual(unreachable());
    expect(policy.inspect?.()).toMatchObject({ entries: 0, copyingBytes: 0 });
  });

  it('is nothing longer than maxEntry, however it came', async () => {
    const limit: CacheOverrides = { maxEntry: '8B' };
    expect(await kept([Buffer.from('12345678')], {}, {}, limit)).toBeDefined();
    expect(await kept([Buffer.from('1234'), Buffer.from('56789')], {}, {}, limit)).toBeUndefined();
    expect(await kept([Buffer.from('1234'), Buffer.from('56789'), Buffer.from('1')], {}, {}, limit)).toBeUndefined();
  });

  it('is an answer with cookies of the machines in front of the upstream, without those cookies', async () => {
    const policy = cache();
    const headers = ['set-cookie', '__cf_bm=1; path=/', 'x-a', '1', 'set-cookie', '_cfuvid=2'];
    const first = await policy.run(llm(), async () => wholeReply({ headers }));
    expect(first).toMatchObject({ headers: [...headers, 'cache-status', 'outrigger; fwd=miss; stored'] });
    if (first.kind === 'reply') await read(first);
    const then = await policy.run(llm(), async () => unreachable());
    expect(then.kind === 'reply' && then.headers.slice(0, 4)).toEqual(['x-a', '1', 'age', '0']);
  });

  it('is what a fallback or a changed prompt brought as well, to stand in for it only', async () => {
    const policy = cache({ mode: 'read-through', fresh: '60s' });
    const moves: Handler[] = [
      async (call) => {
        call.note({ kind: 'attempt-started', attempt: 1, upstream: 'spare' });
        return wholeReply({}, 'spare');
      },
      async (call) => {
        call.note({ kind: 'attempt-started', attempt: 1, upstream: 'main', model: 'mini' });
        return wholeReply({}, 'mini');
      },
      async (call) => {
        call.note({ kind: 'prompt-adjusted', attempt: 1, adjustment: 'simplify' });
        return wholeReply({}, 'simplified');
      },
    ];
    for (const move of moves) {
      const call = llm({ deterministic: true });
      const outcome = await policy.run(call, move);
      const came = outcome.kind === 'reply' ? Buffer.concat(await read(outcome)).toString() : '';
      expect(call.events[1]).toMatchObject({ attempt: 1 });
      // Not a hit: the call is made again, and only when that fails the answer is good enough.
      const again = await policy.run(llm({ deterministic: true }), async () => unreachable());
      expect(again.kind === 'reply' && Buffer.concat(await read(again)).toString()).toBe(came);
      expect(again).toMatchObject({ origin: 'cache' });
    }
  });
});

describe('the terms of storing', () => {
  const terms = (headers: string[], method = 'GET', asked: string[] = []) =>
    storingTerms(wholeReply({ headers }), request({ method, headers: asked }), false);

  it('heed what HTTP says of answers to requests that only read', () => {
    expect(terms(['cache-control', 'max-age=60', 'age', '7'])).toMatchObject({ freshMs: 60_000, ageMs: 7000 });
    expect(terms(['cache-control', 'public, max-age=60, s-maxage="5"'])).toMatchObject({ freshMs: 5000 });
    expect(terms(['cache-control', 'max-age=60, max-age=5'])).toMatchObject({ freshMs: 5000 });
    expect(terms(['cache-control', 'max-age=soon'])).toMatchObject({ freshMs: 0 });
    expect(terms(['expires', '0'])).toMatchObject({ freshMs: 0 });
    expect(terms(['age', 'old'])).toMatchObject({ freshMs: undefined, ageMs: 0 });
    for (const control of ['no-cache', 'must-revalidate', 'proxy-revalidate']) expect(terms(['cache-control', control])).toBeUndefined();
  });

  it('heed of a POST what is meant for every cache, as event streams are all said not to be cached', () => {
    expect(terms(['cache-control', 'no-cache, max-age=0', 'age', '7'], 'POST')).toMatchObject({ freshMs: undefined, ageMs: 0 });
    expect(terms(['cache-control', 'no-store'], 'POST')).toBeUndefined();
    expect(terms([], 'POST', ['Cache-Control', 'no-store'])).toBeUndefined();
  });

  it('keep nothing of a stream that stands open', () => {
    expect(storingTerms(openReply({ standing: true }).reply, request(), false)).toBeUndefined();
  });

  it('keep what varies by the credential to each caller alone', () => {
    const varied = wholeReply({ headers: ['vary', 'Authorization'] });
    expect(storingTerms(varied, exchange({ request: post() }).request, false)).toBeDefined();
    expect(storingTerms(varied, exchange({ request: post() }).request, true)).toBeUndefined();
  });
});
