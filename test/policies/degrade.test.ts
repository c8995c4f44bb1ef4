import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Call, Dialect } from '../../src/core/dialect.ts';
import { failure } from '../../src/core/failure.ts';
import { headerValue } from '../../src/core/headers.ts';
import type { Outcome, Reply } from '../../src/core/outcome.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { http } from '../../src/llm/http.ts';
import { mcp } from '../../src/llm/mcp.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';
import { createDegrade, degradeSettings } from '../../src/policies/degrade.ts';
import { degradedReasons, degradedSentences } from '../../src/policies/degraded-sentences.ts';
import { context, exchange, openReply, openTunnel, request, script, textOf, wholeReply } from './kit.ts';

type Written = z.input<typeof degradeSettings>;

const words = { messages: { default: ['later'] } } satisfies Written;
const chat: Call = { kind: 'llm', api: 'chat', model: 'gpt-5', stream: false, repeatable: true, stateful: false };
const policy = (written: Written, random = () => 0.5) =>
  createDegrade(degradeSettings.parse(written), { responseHeaders: true }, context(random));

function asked(call: Call | Promise<Call>, dialect: Dialect = openai, overrides: Parameters<typeof request>[0] = {}) {
  return exchange({ dialect, request: request({ method: 'POST', call: () => call, ...overrides }) });
}

async function degraded(outcome: Outcome, written: Written = words, on = asked(chat)): Promise<Outcome> {
  return policy(written).run(on, script(outcome));
}

async function spoken(outcome: Outcome, written: Written = words, on = asked(chat)): Promise<string> {
  const reply = (await degraded(outcome, written, on)) as Reply;
  return JSON.parse(await textOf(reply)).choices[0].message.content;
}

const bad = (verdict: Verdict, status = 500) => wholeReply({ verdict, status });
const down = failure('upstream_unreachable', 'It refuses connections.');

describe('degrade', () => {
  it('answers what fallback would move on from, in place of replies and of failures', async () => {
    const reasons = degradedReasons.filter((reason) => reason !== 'refused');
    expect(reasons).toHaveLength(9);
    for (const reason of reasons) {
      for (const outcome of [bad(reason), failure('upstream_unreachable', 'x', { verdict: reason })]) {
        const on = asked(chat);
        const reply = await degraded(outcome, words, on);
        expect(reply).toMatchObject({ kind: 'reply', verdict: 'ok', origin: 'degraded', status: 200 });
        expect(on.events).toEqual([{ kind: 'degraded', attempt: 0, reason, message: 'sentence' }]);
      }
    }
  });

  it('leaves alone what the agent must hear', async () => {
    for (const verdict of ['ok', 'auth', 'client-error', 'cancelled', 'content-filter', 'tool-error', 'refused'] as const) {
      const reply = bad(verdict);
      expect(await degraded(reply)).toBe(reply);
    }
    for (const code of ['cancelled', 'no_route', 'body_too_large', 'draining', 'agent_paused'] as const) {
      const failed = failure(code, 'x');
      const on = asked(chat);
      expect(await degraded(failed, words, on)).toBe(failed);
      expect(on.events).toEqual([]);
    }
    const { tunnel } = openTunnel();
    expect(await degraded(tunnel)).toBe(tunnel);
    const upgrade = asked(chat, openai, { upgrade: 'websocket' });
    expect(await degraded(down, words, upgrade)).toBe(down);
  });

  it('answers our own refusals, and a pause only where there are words for it', async () => {
    expect(await spoken(failure('circuit_open', 'x', { retryAfterMs: 9 }))).toBe('later');
    expect(await spoken(failure('bulkhead_full', 'x'), { messages: { refused: ['soon'] } })).toBe('soon');
    expect(await spoken(failure('deadline_exceeded', 'x'))).toBe('later');
    const on = asked(chat);
    expect(await spoken(failure('agent_paused', 'x'), { messages: { paused: ['I was paused.'] } }, on)).toBe('I was paused.');
    expect(on.noted('degraded')).toMatchObject([{ reason: 'refused' }]);
  });

  it('takes the words of the verdict, else those for all, else its own', async () => {
    const messages = { timeout: ['slow'], default: ['later'] };
    expect(await spoken(bad('timeout'), { messages })).toBe('slow');
    expect(await spoken(bad('network'), { messages })).toBe('later');
    expect(degradedSentences.network).toContain(await spoken(bad('network'), { messages: { timeout: ['slow'] } }));
    expect(degradedSentences.overloaded).toContain(await spoken(bad('overloaded'), {}));
  });

  it('picks one of several sentences at random, and can pick each', async () => {
    const messages = { default: ['a', 'b', 'c'] };
    const picked = [];
    for (const random of [0, 0.34, 0.999]) {
      const reply = (await policy({ messages }, () => random).run(asked(chat), script(down))) as Reply;
      picked.push(JSON.parse(await textOf(reply)).choices[0].message.content);
    }
    expect(picked).toEqual(['a', 'b', 'c']);
  });

  it('has several sentences of its own for everything, none of them twice', () => {
    const all = degradedReasons.map((reason) => degradedSentences[reason]);
    for (const sentences of all) expect(sentences.length).toBeGreaterThanOrEqual(3);
    expect(new Set(all.flat()).size).toBe(all.flat().length);
    for (const sentence of all.flat()) expect(sentence).toMatch(/^[A-Z][^<>{}"]{20,160}\.$/);
  });

  const spokenCall = (call: Partial<Call>): Call => ({ kind: 'llm', model: 'm', repeatable: true, stateful: false, ...call });
  for (const [name, dialect, path, api] of [
    ['chat completions', openai, '/v1/chat/completions', 'chat'],
    ['responses', openai, '/v1/responses', 'responses'],
    ['messages', anthropic, '/v1/messages', undefined],
    ['gemini', gemini, '/v1beta/models/m:generateContent', 'object'],
    ['ollama', ollama, '/api/chat', 'chat'],
  ] as const) {
    for (const stream of [false, true]) {
      it(`speaks in the format of the caller: ${name}${stream ? ', as a stream' : ''}`, async () => {
        const call = spokenCall({ stream, ...(api && { api }) });
        const reply = (await degraded(down, words, asked(call, dialect, { path }))) as Reply;
        const type = headerValue(reply.headers, 'content-type') ?? '';
        expect(type).toBe(!stream ? 'application/json' : dialect === ollama ? 'application/x-ndjson' : 'text/event-stream');
        expect(headerValue(reply.headers, 'x-outrigger-degraded')).toBe('message');
        const text = await textOf(reply);
        expect(text).toContain('later');
        // As the format itself judges it: whole, good, and no tokens were used.
        const watcher = dialect.watch({ method: 'POST', path, headers: [] }, 200, reply.headers);
        await watcher.push(Buffer.from(text));
        const judgement = await watcher.end(true);
        expect(judgement).toMatchObject({ verdict: 'ok', complete: true });
        expect(Object.values(judgement.usage ?? {}).every((tokens) => tokens === 0)).toBe(true);
      });
    }
  }

  it('passes on the error of formats that cannot speak, as it came', async () => {
    for (const dialect of [mcp, http]) {
      for (const outcome of [down, bad('overloaded', 503)]) {
        const on = asked({ kind: 'other', repeatable: false, stateful: false }, dialect);
        expect(await degraded(outcome, words, on)).toBe(outcome);
        expect(on.events).toEqual([]);
      }
    }
    const embeddings = asked({ ...chat, api: 'embeddings' });
    expect(await degraded(down, { body: { text: '{}' } }, embeddings)).toBe(down);
  });

  it('answers MCP and plain HTTP with a body that was configured', async () => {
    for (const dialect of [mcp, http]) {
      const on = asked({ kind: 'tool', repeatable: false, stateful: false }, dialect);
      const reply = (await degraded(down, { body: { text: '{"answer":"später"}' } }, on)) as Reply;
      expect(reply).toMatchObject({ status: 200, verdict: 'ok', origin: 'degraded' });
      expect(reply.headers).toEqual(['content-type', 'application/json', 'content-length', '20', 'x-outrigger-degraded', 'message']);
      expect(await textOf(reply)).toBe('{"answer":"später"}');
      expect(on.events).toEqual([{ kind: 'degraded', attempt: 0, reason: 'network', message: 'body' }]);
    }
    const body = { status: 503, contentType: 'text/plain', text: 'closed' };
    const on = asked({ kind: 'other', repeatable: false, stateful: false }, http);
    expect(await degraded(bad('timeout'), { body }, on)).toMatchObject({ status: 503, verdict: 'timeout', origin: 'degraded' });
  });

  it('gives a bad reply up that it replaces, and keeps one that it does not', async () => {
    const replaced = openReply({ verdict: 'overloaded', status: 503 });
    await degraded(replaced.reply);
    expect(replaced.discarded).toBe(true);
    const kept = openReply({ verdict: 'auth', status: 401 });
    await degraded(kept.reply);
    expect(kept.discarded).toBe(false);
  });

  it.each([
    [399, 'ok'],
    [400, 'timeout'],
  ] as const)('takes a configured body of status %i for %s', async (status, verdict) => {
    const on = asked({ ...chat, kind: 'other' }, http);
    expect(await degraded(bad('timeout'), { body: { status, text: '' } }, on)).toMatchObject({ status, verdict, statusText: '' });
  });

  it('goes without the header where response headers are off', async () => {
    const silent = createDegrade(degradeSettings.parse(words), { responseHeaders: false }, context());
    const reply = (await silent.run(asked(chat), script(down))) as Reply;
    expect(reply.origin).toBe('degraded');
    expect(headerValue(reply.headers, 'x-outrigger-degraded')).toBeUndefined();
  });

  it('waits for the description of an upload, and no longer than the call', async () => {
    const described = Promise.withResolvers<Call>();
    const run = degraded(down, words, asked(described.promise));
    described.resolve(chat);
    expect(await run).toMatchObject({ origin: 'degraded' });

    const on = asked(new Promise<Call>(() => {}));
    const left = degraded(down, words, on);
    on.hangUp();
    expect(await left).toBe(down);
    expect(on.events).toEqual([]);
  });

  it('only tells what it would do when it observes', async () => {
    const open = openReply({ verdict: 'overloaded', status: 503 });
    const on = asked(chat);
    expect(await degraded(open.reply, { ...words, observe: true }, on)).toBe(open.reply);
    expect(open.discarded).toBe(false);
    const event = { kind: 'degraded', attempt: 0, reason: 'overloaded', message: 'sentence' };
    expect(on.events).toEqual([{ kind: 'would', attempt: 0, event }]);
  });

  it('refuses empty lists of words and verdicts that it does not answer', () => {
    expect(degradeSettings.safeParse({ messages: { default: [] } }).success).toBe(false);
    expect(degradeSettings.safeParse({ messages: { auth: ['x'] } }).success).toBe(false);
    const broken = degradeSettings.safeParse({ body: { text: 'x', contentType: 'a\r\nb: c' } });
    expect(broken.error?.issues.map(({ message }) => message)).toEqual(['expected a media type such as application/json']);
    expect(degradeSettings.parse({})).toEqual({ messages: {}, observe: false });
  });
});
