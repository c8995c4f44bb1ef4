import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { reloadingSidecar } from '../life/reloading-sidecar.ts';
import { json } from '../policies-e2e/kit.ts';

const body = JSON.stringify({ model: 'own-model', messages: [{ role: 'user', content: 'hello' }] });
const request = http(
  ['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`],
  body,
);
const usage = { prompt_tokens: 1_000_000, completion_tokens: 0 };

test('the line of an exchange tells its tokens and their cost, by the prices in force', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'prices.yml');
  const write = (input: number) =>
    writeFileSync(file, `checked: 2026-11-01\nprices: [ { models: [own-*], input: ${input}, output: 0 } ]\n`);
  const upstream = await rawUpstream(answer(json('200 OK', { choices: [{ message: { content: 'hi' } }], usage })));
  const config = (prices: object) => ({
    upstreams: { main: { url: upstream.url, dialect: 'openai' } },
    policies: { llm: { timeout: {} } },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
    telemetry: { log: { access: true }, ...prices },
  });
  write(3);
  const product = await reloadingSidecar(config({}));
  const lineOf = async (calls: number) => {
    await exchange(product.proxy, request);
    const lines = () => product.lines.filter(({ msg }) => msg === 'exchange');
    await eventually('the line is written', () => lines().length === calls);
    return lines().at(-1);
  };

  const unpriced = await lineOf(1);
  expect(unpriced).toMatchObject({ usage: { input: 1_000_000 }, unpriced: 1 });
  expect(unpriced).not.toHaveProperty('costUsd');
  // No price is not a price of 0.
  expect(await product.metrics()).not.toContain('outrigger_llm_cost_usd_total{upstream="main",model="own-model"}');
  expect(await product.api('costs')).toEqual([
    { upstream: 'main', model: 'own-model', tokens: { input: 1_000_000 }, estimated: {}, unpricedRequests: 1, wasted: {} },
  ]);
  product.change(config({ prices: file }));
  expect(await lineOf(2)).toMatchObject({ usage: { input: 1_000_000 }, costUsd: 3 });
  write(4);
  product.change(config({ prices: file }));
  expect(await lineOf(3)).toMatchObject({ costUsd: 4 });
  writeFileSync(file, 'prices: []\n');
  product.change(config({ prices: file }));
  expect(product.lines.filter(({ level }) => level === 'error')[0]).toMatchObject({
    where: `${file}:1:1 checked`,
    msg: expect.stringContaining('checked is missing'),
  });
  expect(await lineOf(4)).toMatchObject({ costUsd: 4 });

  expect(await product.api('costs')).toEqual([
    {
      upstream: 'main',
      model: 'own-model',
      tokens: { input: 4_000_000 },
      estimated: {},
      costUsd: 11,
      unpricedRequests: 1,
      wasted: {},
      wastedUsd: 0,
    },
  ]);
  const metrics = await product.metrics();
  expect(metrics).toContain('outrigger_llm_cost_usd_total{upstream="main",model="own-model"} 11\n');
  expect(metrics).toContain('outrigger_llm_unpriced_requests_total{upstream="main",model="own-model"} 1\n');
});
