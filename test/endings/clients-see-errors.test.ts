import { execFile } from 'node:child_process';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import { rawUpstream, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';

const delta = (content: string) =>
  `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content } }] })}\n\n`;
const stop =
  'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
const eventStream = (framing: string) => http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', framing]);
const chunked = 'Transfer-Encoding: chunked';

/** An answer that is never whole, and how the upstream leaves it. */
interface Cut {
  what: string;
  bytes: string;
  leave(connection: UpstreamConnection): void;
}

const fin = (connection: UpstreamConnection) => connection.halfClose();
const rst = (connection: UpstreamConnection) => connection.reset();
const cuts: Cut[] = [
  { what: 'chunks without an end, FIN', bytes: eventStream(chunked) + chunk(delta('Hel')), leave: fin },
  { what: 'chunks without an end, RST', bytes: eventStream(chunked) + chunk(delta('Hel')), leave: rst },
  { what: 'within an event, RST', bytes: eventStream(chunked) + chunk(delta('Hel')) + chunk('data: {"id"'), leave: rst },
  { what: 'below its Content-Length, FIN', bytes: eventStream('Content-Length: 5000') + delta('Hel'), leave: fin },
  { what: 'below its Content-Length, RST', bytes: eventStream('Content-Length: 5000') + delta('Hel'), leave: rst },
  { what: 'until the connection closes, RST', bytes: eventStream('X-A: b') + delta('Hel'), leave: rst },
];

const model = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

describe('a broken answer is never a success', () => {
  describe.each(cuts)('$what', (cut) => {
    test('to fetch', async () => {
      const { url } = await start(cut);
      const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ ...model, stream: true }) });
      await expect(response.text()).rejects.toThrow();
    });

    test('to curl', async () => {
      const { url } = await start(cut);
      const { code, stdout } = await curl(
        '-sS',
        '--no-buffer',
        '-d',
        JSON.stringify({ ...model, stream: true }),
        `${url}/v1/chat/completions`,
      );
      expect(stdout).toContain('Hel');
      // 18: partial file, 56: failure in receiving.
      expect([18, 56]).toContain(code);
    });

    test('to the OpenAI SDK', async () => {
      const { url } = await start(cut);
      const openai = new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 });
      const stream = await openai.chat.completions.create({ ...model, stream: true });
      let text = '';
      const read = async () => {
        for await (const part of stream) text += part.choices[0]?.delta.content ?? '';
      };
      await expect(read()).rejects.toThrow();
      expect(text).toBe('Hel');
    });
  });

  test('to the OpenAI SDK, where the body is one JSON document', async () => {
    const bytes = http(['HTTP/1.1 200 OK', 'Content-Type: application/json', 'Content-Length: 500'], '{"id":"1","choices":[]');
    const { url } = await start({ bytes, leave: fin });
    const openai = new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 });
    await expect(openai.chat.completions.create(model)).rejects.toThrow();
  });

  test('to the Anthropic SDK', async () => {
    const start_ =
      'event: message_start\ndata: {"type":"message_start","message":{"id":"1","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n';
    const block =
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n';
    const text =
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n';
    for (const leave of [fin, rst]) {
      const { url } = await start({
        bytes: eventStream(chunked) + chunk(start_) + chunk(block) + chunk(text),
        leave,
        dialect: 'anthropic',
      });
      const anthropic = new Anthropic({ apiKey: 'k', baseURL: url, maxRetries: 0 });
      await expect(anthropic.messages.stream({ ...model, max_tokens: 9 }).finalMessage()).rejects.toThrow();
    }
  });
});

describe('a whole answer is a success', () => {
  const whole = {
    bytes: eventStream(chunked) + chunk(delta('Hel')) + chunk(delta('lo')) + chunk(stop) + chunk('data: [DONE]\n\n') + lastChunk,
    leave: () => {},
  };

  test('to the OpenAI SDK', async () => {
    const { url } = await start(whole);
    const openai = new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 });
    let text = '';
    for await (const part of await openai.chat.completions.create({ ...model, stream: true })) text += part.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello');
  });

  test('to fetch and curl', async () => {
    const { url } = await start(whole);
    expect(await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: '{}' })).text()).toContain('[DONE]');
    expect(await curl('-sS', '-d', '{}', `${url}/v1/chat/completions`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('[DONE]'),
    });
  });
});

/** An upstream that answers so every time, and leaves once the agent's side has had time to get it. */
async function start({ bytes, leave, dialect = 'openai' }: Pick<Cut, 'bytes' | 'leave'> & { dialect?: string }) {
  const upstream = await rawUpstream(async (connection) => {
    while ((await connection.request())?.whole) {
      connection.send(bytes);
      // An RST may overtake what was sent before it.
      setTimeout(() => leave(connection), 30);
    }
  });
  const { proxy } = await sidecarFor(upstream, { upstream: { dialect } });
  return { url: `http://127.0.0.1:${proxy.port}` };
}

function curl(...parameters: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile('curl', parameters, { timeout: 10_000 }, (error, stdout) => resolve({ code: error ? Number(error.code) : 0, stdout }));
  });
}
