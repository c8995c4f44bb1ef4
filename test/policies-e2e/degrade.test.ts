import { describe, expect, test } from 'vitest';
import { anthropicAt, ask as askAnthropic } from '../clients/anthropic.ts';
import { openaiAt, say } from '../clients/openai.ts';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { rawUpstream, silent } from '../kit/raw-upstream.ts';
import { ask, busy, counted, inTurn, json, ledgerOf, saying, sidecarTo, textOf } from './kit.ts';

const sentences = ['I could not reach the model just now.', 'The model is away for a moment.'];
const degrade = { messages: { default: sentences } };
const overloaded = json('529 Overloaded', { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });

/** A sidecar in front of a provider that fails on every call. */
async function failing(dialect: string, failure: string, policy: Record<string, unknown> = { degrade }) {
  const main = await rawUpstream(inTurn(failure));
  const product = await sidecarTo({ main }, policy, { dialect });
  return { product, main, url: `http://127.0.0.1:${product.proxy.port}` };
}

describe('a call that nobody can answer gets a sentence', () => {
  test('as a chat completion', async () => {
    const { product, url } = await failing('openai', busy);
    const { data, response } = await openaiAt({ url }).chat.completions.create(say('hello')).withResponse();
    expect(sentences).toContain(data.choices[0]?.message.content);
    expect(data).toMatchObject({ choices: [{ finish_reason: 'stop' }], usage: { total_tokens: 0 }, model: 'gpt-x' });
    expect(response.headers.get('x-outrigger-degraded')).toBe('message');
    expect(response.headers.get('x-outrigger-attempts')).toMatch(/^main\/gpt-x;verdict=overloaded;ms=\d+$/);
    const count = await counted(product, 1);
    expect(count('degraded_total{kind="message"}')).toBe(1);
    expect(count('requests_total{upstream="main",route="/",outcome="degraded"}')).toBe(1);
  });

  test('as a stream of chat chunks', async () => {
    const { url } = await failing('openai', busy);
    const { data, response } = await openaiAt({ url })
      .chat.completions.create({ ...say('hello'), stream: true })
      .withResponse();
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    let finish: string | null | undefined;
    for await (const { choices } of data) {
      text += choices[0]?.delta.content ?? '';
      finish = choices[0]?.finish_reason;
    }
    expect(sentences).toContain(text);
    expect(finish).toBe('stop');
  });

  test('as a message of Anthropic', async () => {
    const { url } = await failing('anthropic', overloaded);
    const { data, response } = await anthropicAt({ url }).messages.create(askAnthropic('hello')).withResponse();
    expect(data.content[0]?.type === 'text' && sentences.includes(data.content[0].text)).toBe(true);
    expect(data).toMatchObject({ stop_reason: 'end_turn', usage: { output_tokens: 0 } });
    expect(response.headers.get('x-outrigger-degraded')).toBe('message');
  });

  test('as a stream of Anthropic', async () => {
    const { url } = await failing('anthropic', overloaded);
    const message = await anthropicAt({ url }).messages.stream(askAnthropic('hello')).finalMessage();
    expect(message.content[0]?.type === 'text' && sentences.includes(message.content[0].text)).toBe(true);
    expect(message.stop_reason).toBe('end_turn');
  });

  test('when the deadline has passed, and when the breaker is open', async () => {
    const main = await rawUpstream(silent);
    const product = await sidecarTo({ main }, { degrade, deadline: '50ms', circuitBreaker: { failures: 1, on: ['timeout'] } });
    expect(sentences).toContain(textOf(await ask(product)));
    const refused = await ask(product);
    expect(sentences).toContain(textOf(refused));
    expect(ledgerOf(refused)).toBe('main;verdict=refused');
  });

  test('where nothing listens', async () => {
    const main = { url: 'http://127.0.0.1:9' };
    const answer = await ask(await sidecarTo({ main }, { degrade: {} }));
    expect(statusOf(answer)).toBe(200);
    // With no words in the configuration there are built-in ones.
    expect(textOf(answer)).toMatch(/\.$/);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=network');
  });

  test('without the mark where response headers are switched off', async () => {
    const main = await rawUpstream(inTurn(busy));
    const answer = await ask(await sidecarTo({ main }, { degrade }, { responseHeaders: false }));
    expect(sentences).toContain(textOf(answer));
    expect(answer.headerLines.join('\n')).not.toMatch(/x-outrigger/i);
  });
});

describe('no sentence', () => {
  test('stands in for an answer, or for an error that is the caller’s own', async () => {
    const main = await rawUpstream(
      inTurn(saying('hello'), json('401 Unauthorized', { error: { message: 'wrong key' } }), json('400 Bad', {})),
    );
    const product = await sidecarTo({ main }, { degrade });
    expect(textOf(await ask(product))).toBe('hello');
    expect([statusOf(await ask(product)), statusOf(await ask(product))]).toEqual([401, 400]);
  });

  test('is given in observe mode, and is counted', async () => {
    const { product } = await failing('openai', busy, { degrade: { ...degrade, observe: true } });
    const answer = await ask(product);
    expect(statusOf(answer)).toBe(503);
    expect(valuesOf(answer, 'x-outrigger-degraded')).toEqual([]);
    expect((await counted(product, 1))('would_total{kind="degraded"}')).toBe(1);
  });

  test('but a configured body is what plain HTTP gets', async () => {
    const main = await rawUpstream(inTurn('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'));
    const body = { status: 200, text: '{"results":[]}' };
    const product = await sidecarTo({ main }, { degrade: { body } }, { dialect: 'http' });
    const answer = await exchange(product.proxy, http(['GET /search?q=x HTTP/1.1', 'Host: a']));
    expect([statusOf(answer), answer.body]).toEqual([200, body.text]);
    expect(valuesOf(answer, 'content-type')).toEqual(['application/json']);
    expect(valuesOf(answer, 'x-outrigger-degraded')).toEqual(['message']);
  });
});
