import { expect, test } from 'vitest';
import type { Sidecar } from '../../src/sidecar.ts';
import { eventually } from '../kit/timing.ts';
import { chatAgent, step } from './agents.ts';
import { model, urlOf, watched } from './kit.ts';

/** Tokens of a family that were counted so far, by the part of the labels. */
async function tokens({ admin }: Sidecar, family: string, label = ''): Promise<number> {
  const text = await (await fetch(`http://${admin.host}:${admin.port}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${family}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test.each([{}, { observe: true }])('tokens are counted as wasted from the first warning of a loop on: %j', async (settings) => {
  const { url } = await model();
  const product = await watched(url, 'openai', { action: 'warn', ...settings }, { policy: { retry: {} } });
  const agent = chatAgent(urlOf(product));
  await agent.say('go on');
  for (let round = 1; round <= 5; round += 1) expect(await agent.take(step({ command: 'ls' }, 'nothing'))).toBe('ok');
  // 90 and 10 tokens for each answer; the third round is the first that is warned of.
  await eventually('all answers are counted', async () => (await tokens(product, 'outrigger_llm_tokens_total')) === 600);
  await eventually('three were in vain', async () => (await tokens(product, 'outrigger_llm_wasted_tokens_total', 'why="loop"')) === 300);
  await agent.take(step({ command: 'pwd' }, '/'));
  await eventually('all answers are counted', async () => (await tokens(product, 'outrigger_llm_tokens_total')) === 700);
  expect(await tokens(product, 'outrigger_llm_wasted_tokens_total')).toBe(300);
});
