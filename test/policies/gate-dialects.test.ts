import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import { bufferedReply, type Outcome, type Reply, type ReplyHead } from '../../src/core/outcome.ts';
import { http } from '../../src/llm/http.ts';
import { openai } from '../../src/llm/openai.ts';
import { createGate } from '../../src/policies/gate.ts';
import { gateLimits as limits } from './held-gate.ts';
import { context, exchange, head, openReply, request, script, textOf } from './kit.ts';

const json = ['content-type', 'application/json'];
const sse = ['content-type', 'text/event-stream'];

/** A call that a gate holds, in a real format. */
function gated(dialect: Dialect, facts: Partial<ReplyHead>, method = 'POST') {
  const { clock } = context();
  const open = openReply(head(facts));
  const call = exchange({ dialect, limits, request: request({ method, path: '/v1/chat/completions' }) });
  let outcome: Outcome | undefined;
  const run = createGate({ holds: true }, { clock })
    .run(call, script(open.reply))
    .then((result) => {
      outcome = result;
      return result as Reply;
    });
  return {
    clock,
    open,
    run,
    get outcome() {
      return outcome;
    },
  };
}

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const role = chunk({ role: 'assistant', content: '' });
const hello = chunk({ content: 'hello' });
const stop = chunk({}, 'stop');
const done = 'data: [DONE]\n\n';

describe('a gate around a chat stream', () => {
  it('waits for content and lets everything pass from there', async () => {
    const test = gated(openai, { headers: sse });
    test.open.push(': keep-alive\n\n');
    test.open.push(role);
    await test.clock.advance(14_000);
    expect(test.outcome).toBeUndefined();
    test.open.push(hello);
    const reply = await test.run;
    expect(reply.verdict).toBe('ok');
    for (const event of [stop, done]) test.open.push(event);
    test.open.end();
    expect(await textOf(reply)).toBe(`: keep-alive\n\n${role}${hello}${stop}${done}`);
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
  });

  it('finds the error in the first event', async () => {
    const test = gated(openai, { headers: sse });
    test.open.push(`data: ${JSON.stringify({ error: { message: 'busy', type: 'server_error', code: 'rate_limit_exceeded' } })}\n\n`);
    test.open.end();
    expect((await test.run).verdict).toBe('rate-limited');
  });

  it('takes a clean end without the end mark for a break', async () => {
    const test = gated(openai, { headers: sse });
    test.open.push(role);
    test.open.push(hello);
    const reply = await test.run;
    test.open.end();
    await textOf(reply);
    expect(await reply.ended).toMatchObject({ verdict: 'network', complete: false });
  });

  it('judges a compressed one by a decoded copy and passes the bytes on as they came', async () => {
    const bytes = gzipSync(`${role}${hello}${stop}${done}`);
    const compressed = bufferedReply(head({ headers: [...sse, 'content-encoding', 'gzip'] }), [bytes.subarray(0, 40), bytes.subarray(40)]);
    const call = exchange({ dialect: openai, limits, request: request({ method: 'POST', path: '/v1/chat/completions' }) });
    const reply = (await createGate({ holds: true }, context()).run(call, script(compressed))) as Reply;
    expect(reply.verdict).toBe('ok');
    const passed: Uint8Array[] = [];
    for await (const part of reply.body) passed.push(part);
    expect(Buffer.concat(passed)).toEqual(bytes);
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
  });
});

describe('a gate around an answer that is not streamed', () => {
  const answer = JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }] });

  it('judges it when it is all there', async () => {
    const test = gated(openai, { headers: json });
    test.open.push(answer.slice(0, 20));
    await test.clock.advance(20_000);
    expect(test.outcome).toBeUndefined();
    test.open.push(answer.slice(20));
    test.open.end();
    const reply = await test.run;
    expect(reply.verdict).toBe('ok');
    expect(await textOf(reply)).toBe(answer);
  });

  it('has nothing to hand up of one that was cut', async () => {
    const test = gated(openai, { headers: json });
    test.open.push(answer.slice(0, 20));
    test.open.end({ verdict: 'network', complete: false });
    expect(await test.run).toMatchObject({ kind: 'failure', verdict: 'network' });
  });

  it('tells a spent quota from a rate limit, and keeps the reply as it came', async () => {
    const test = gated(openai, { headers: json, status: 429, verdict: 'client-error' });
    const body = JSON.stringify({ error: { message: 'pay', type: 'insufficient_quota', code: 'insufficient_quota' } });
    test.open.push(body);
    test.open.end();
    const reply = await test.run;
    expect(reply).toMatchObject({ verdict: 'quota-exhausted', status: 429 });
    expect(await textOf(reply)).toBe(body);
    expect(await reply.ended).toMatchObject({ verdict: 'quota-exhausted', complete: true });
  });

  it('knows an error whose body was cut by its status', async () => {
    const test = gated(openai, { headers: json, status: 429, verdict: 'client-error' });
    test.open.push('{"error":{');
    test.open.end({ verdict: 'network', complete: false });
    expect(await test.run).toMatchObject({ kind: 'reply', verdict: 'rate-limited' });
  });
});

describe('a gate around plain HTTP', () => {
  it('holds a short answer until it is whole, and a long one until its first byte', async () => {
    const short = gated(http, { headers: [...json, 'content-length', '10'] }, 'GET');
    short.open.push('12345');
    await short.clock.advance(0);
    expect(short.outcome).toBeUndefined();
    short.open.push('67890');
    short.open.end();
    expect(await textOf(await short.run)).toBe('1234567890');

    const long = gated(http, { headers: [...json, 'content-length', '1000000'] }, 'GET');
    long.open.push('1');
    expect((await long.run).verdict).toBe('ok');
  });

  it('judges replies without a body by their head', async () => {
    const { clock } = context();
    const { reply } = openReply(head({ status: 204, empty: true }));
    const outcome = createGate({ holds: true }, { clock }).run(exchange({ dialect: http, limits }), script(reply));
    reply.discard();
    expect(await outcome).toMatchObject({ kind: 'reply', verdict: 'ok' });
  });

  it('knows a busy server by its status', async () => {
    const test = gated(http, { status: 503, verdict: 'server-error' }, 'GET');
    test.open.push('busy');
    test.open.end();
    const reply = await test.run;
    expect(reply.verdict).toBe('overloaded');
    expect(await reply.ended).toMatchObject({ verdict: 'overloaded', complete: true, bytes: 4 });
  });
});
