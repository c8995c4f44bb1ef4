import { describe, expect, test } from 'vitest';
import { packagedPrices } from '../../src/config/read-prices.ts';
import type { Usage } from '../../src/core/usage.ts';
import { PriceTable } from '../../src/telemetry/prices.ts';

const million = 1_000_000;
const none: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const each: Usage = { input: million, output: million, cacheRead: million, cacheWrite: million, reasoning: million };

describe('a table of prices', () => {
  test('adds up what every kind costs', () => {
    const table = new PriceTable([{ models: ['m'], input: 1, output: 10, cacheRead: 100, cacheWrite: 1000, reasoning: 10_000 }]);
    expect(table.costUsd('u', 'm', { usage: each })).toBeCloseTo(11_111, 6);
    expect(table.costUsd('u', 'm', { usage: { ...none, input: 3 } })).toBeCloseTo(0.000_003, 12);
  });

  test('takes input for caches and output for reasoning where they have no price', () => {
    const table = new PriceTable([{ models: ['m'], input: 1, output: 10 }]);
    expect(table.costUsd('u', 'm', { usage: each })).toBeCloseTo(1 + 10 + 1 + 1 + 10, 6);
  });

  test('counts estimated tokens as well as reported ones', () => {
    const table = new PriceTable([{ models: ['m'], input: 1, output: 10 }]);
    expect(table.costUsd('u', 'm', { usage: { ...none, input: million }, estimated: { ...none, output: million } })).toBeCloseTo(11, 6);
    expect(table.costUsd('u', 'm', { estimated: { ...none, output: million } })).toBeCloseTo(10, 6);
  });

  test('takes the first entry that matches', () => {
    const table = new PriceTable([
      { models: ['gpt-5-mini*', 'gpt-4'], input: 2, output: 0 },
      { models: ['gpt-*'], upstreams: ['open*'], input: 3, output: 0 },
      { models: ['*'], upstreams: ['local'], input: 0, output: 0 },
    ]);
    const input = { usage: { ...none, input: million } };
    expect(table.costUsd('openai', 'gpt-5-mini-2025-08-07', input)).toBeCloseTo(2, 6);
    expect(table.costUsd('openai', 'gpt-4', input)).toBeCloseTo(2, 6);
    expect(table.costUsd('openai', 'gpt-5', input)).toBeCloseTo(3, 6);
    expect(table.costUsd('local', 'gpt-5', input)).toBe(0);
  });

  test('has no price for a model that it does not know, and no 0 either', () => {
    const table = new PriceTable([{ models: ['gpt-5'], input: 1, output: 1 }]);
    expect(table.costUsd('openai', 'gpt-5-turbo', { usage: each })).toBeUndefined();
    expect(table.costUsd('openai', undefined, { usage: each })).toBeUndefined();
    expect(table.costUsd('openai', 'gpt-5', {})).toBeUndefined();
  });

  test('still finds prices when agents have made up more models than it remembers', () => {
    const table = new PriceTable([{ models: ['m-*'], input: 1, output: 1 }]);
    for (let i = 0; i < 3000; i += 1) expect(table.costUsd('u', `m-${i}`, { usage: { ...none, input: million } })).toBeCloseTo(1, 6);
    expect(table.costUsd('u', 'other', { usage: each })).toBeUndefined();
  });
});

describe('the packaged prices', () => {
  const table = new PriceTable(packagedPrices());
  const input = { usage: { ...none, input: million } };

  test.each([
    ['openai', 'gpt-5', 1.25],
    ['openai', 'gpt-5-mini-2025-08-07', 0.25],
    ['openai', 'gpt-4o-mini', 0.15],
    ['anthropic', 'claude-sonnet-4-5-20250929', 3],
    ['anthropic', 'claude-sonnet-4-20250514', 3],
    ['anthropic', 'claude-opus-4-1-20250805', 15],
    ['gemini', 'gemini-2.5-flash-lite', 0.1],
    ['gemini', 'gemini-2.5-flash', 0.3],
    ['local', 'llama3.2', 0],
    ['demo', 'simulated-1', 0],
  ])('price %s/%s at %d for a million tokens of input', (upstream, model, usd) => {
    expect(table.costUsd(upstream, model, input)).toBeCloseTo(usd, 9);
  });

  test('guess nothing for a model that is newer than they are', () => {
    for (const model of ['gpt-6', 'gpt-5.2', 'gpt-5-ultra', 'claude-opus-9', 'claude-sonnet-4-9', 'gemini-9-pro', 'llama3.2']) {
      expect(table.costUsd('openai', model, input)).toBeUndefined();
    }
  });
});
