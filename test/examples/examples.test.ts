import { readdirSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { startSidecar } from '../../src/sidecar.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { valuesOf } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { isBug } from '../kit/start-sidecar.ts';

const folder = new URL('../../config/examples/', import.meta.url);
const question = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Which day is it?' }] };
const completion = (content: string) =>
  ok(
    JSON.stringify({
      id: 'c1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-5',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
    }),
    'Content-Type: application/json',
  );
const unavailable = http(['HTTP/1.1 503 Service Unavailable', 'Content-Length: 0', 'retry-after-ms: 1']);

describe('the example configurations', () => {
  const files = readdirSync(folder);

  test('are those that are run here', () => {
    expect(files.sort()).toEqual(['batch-jobs.yaml', 'coding-agent.yaml', 'mcp-tools.yaml', 'multi-provider.yaml', 'voice-agent.yaml']);
  });

  test.each(files)('%s is valid, and nothing in it is in vain', (file) => {
    expect(load(file, {})).toMatchObject({ ok: true, warnings: [] });
  });
});

test('the voice agent gets a sentence that can be spoken where two models fail', async () => {
  const upstream = await rawUpstream(answer(unavailable));
  const { url } = await run('voice-agent.yaml', { OPENAI_URL: upstream.url });
  const reply = await openai(`${url}/openai`).chat.completions.create(question).withResponse();
  expect(reply.data.choices[0]?.message.content).toMatch(/Sorry, I lost my train|One moment, I did not get that/);
  expect(reply.response.headers.get('x-outrigger-degraded')).toBe('message');
  const models = upstream.requests.map(({ body }) => JSON.parse(body).model);
  expect(new Set(models)).toEqual(new Set(['gpt-5', 'gpt-5-nano']));
});

test('the coding agent does not see that its provider was overloaded', async () => {
  const overloaded = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'claude', content: [{ type: 'text', text: 'Saturday.' }] };
  const whole = JSON.stringify({ ...message, stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } });
  const bad = http(['HTTP/1.1 529 Overloaded', 'Content-Type: application/json', `Content-Length: ${overloaded.length}`], overloaded);
  const upstream = await rawUpstream(answer((_, index) => (index === 0 ? bad : ok(whole, 'Content-Type: application/json'))));
  const { url } = await run('coding-agent.yaml', { ANTHROPIC_URL: upstream.url });
  const anthropic = new Anthropic({ apiKey: 'k', baseURL: `${url}/anthropic`, maxRetries: 0 });
  const reply = await anthropic.messages.create({ ...question, max_tokens: 9 });
  expect(reply.content).toMatchObject([{ text: 'Saturday.' }]);
  expect(upstream.requests).toHaveLength(2);
});

test('the batch job asks the same question at temperature 0 once', async () => {
  const upstream = await rawUpstream(answer(completion('Saturday.')));
  const { url } = await run('batch-jobs.yaml', { OPENAI_URL: upstream.url });
  for (let i = 0; i < 3; i += 1) {
    const reply = await openai(`${url}/openai`).chat.completions.create({ ...question, temperature: 0 });
    expect(reply.choices[0]?.message.content).toBe('Saturday.');
  }
  expect(upstream.requests).toHaveLength(1);
});

test('an MCP tool is called once even if its answer is lost, and a search is asked once for all', async () => {
  const files = await rawUpstream(async (connection) => {
    await connection.request();
    connection.close();
  });
  const search = await rawUpstream(answer(ok('{"hits":[]}', 'Content-Type: application/json')));
  const { url } = await run('mcp-tools.yaml', { FILES_URL: files.url, SEARCH_URL: search.url });
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'write', arguments: {} } };
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const lost = await fetch(`${url}/files/mcp`, { method: 'POST', headers, body: JSON.stringify(call) });
  expect(lost.status).toBe(502);
  expect(files.requests).toHaveLength(1);
  for (let i = 0; i < 2; i += 1) expect(await (await fetch(`${url}/search/find?q=a`)).json()).toEqual({ hits: [] });
  expect(search.requests).toHaveLength(1);
});

test('another provider answers where the first is out of quota, without getting its key', async () => {
  const quota = '{"error":{"message":"out of credit","type":"insufficient_quota","code":"insufficient_quota"}}';
  const spent = http(['HTTP/1.1 429 Too Many Requests', 'Content-Type: application/json', `Content-Length: ${quota.length}`], quota);
  const first = await rawUpstream(answer(spent));
  const spare = await rawUpstream(answer(completion('Saturday.')));
  const { url } = await run('multi-provider.yaml', { OPENAI_URL: first.url, SPARE_URL: spare.url, SPARE_KEY: 'spare-key' });
  const reply = await openai(`${url}/openai`).chat.completions.create(question).withResponse();
  expect(reply.data.choices[0]?.message.content).toBe('Saturday.');
  expect(reply.response.headers.get('x-outrigger-attempts')).toMatch(/openai.*quota-exhausted.*spare.*verdict=ok/);
  const [asked] = spare.requests;
  expect(asked && valuesOf(asked, 'authorization')).toEqual(['Bearer spare-key']);
  expect(JSON.parse(asked?.body ?? '')).toMatchObject({ model: 'llama-4', messages: question.messages });
});

function load(file: string, environment: Record<string, string>) {
  const config = new URL(file, folder).pathname;
  return loadConfig({ config, environment, directory: process.cwd(), listen: '127.0.0.1:0', admin: '127.0.0.1:0' });
}

/** Runs an example as it stands, but for its addresses. */
async function run(file: string, environment: Record<string, string>) {
  const loaded = load(file, environment);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const bugs: string[] = [];
  const write = (line: string) => {
    if (isBug(line)) bugs.push(line);
  };
  const sidecar = await startSidecar(loaded, await createLog(loaded.config.telemetry.log, { write }));
  onTestFinished(async () => {
    await sidecar.kill();
    expect(bugs).toEqual([]);
  });
  return { url: `http://127.0.0.1:${sidecar.proxy.port}` };
}

function openai(baseURL: string): OpenAI {
  return new OpenAI({ apiKey: 'agent-key', baseURL: `${baseURL}/v1`, maxRetries: 0 });
}
