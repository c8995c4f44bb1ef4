import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packagedPrices, readPrices } from '../../src/config/read-prices.ts';
import { wasteReasons } from '../../src/core/usage.ts';
import { counters } from '../../src/telemetry/names.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const page = readFileSync(new URL('../../docs/costs.md', import.meta.url), 'utf8');

it('the page of costs explains every metric of tokens and money', () => {
  const named = new Set(
    [...page.matchAll(/^\| .*/gm)].flatMap(([row]) => [...row.matchAll(/`(outrigger_\w+)\{/g)].map(([, name]) => name)),
  );
  const families = Object.values(counters).map(({ name }) => name);
  expect(named).toEqual(new Set(families.filter((name) => /^outrigger_(llm_|agent_tokens|agent_cost)/.test(name))));
});

it('the page of costs explains every reason of waste, and no other', () => {
  expect([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, why]) => why)).toEqual([...wasteReasons]);
});

it('the page of costs has an example of prices that can be read, without a warning', () => {
  const directory = temporaryDirectory();
  const [, example = ''] = /^```\n(checked: .*?)^```$/ms.exec(page) ?? [];
  writeFileSync(join(directory, 'prices.yml'), example);
  const { prices, problems, warnings } = readPrices('prices.yml', directory, new Map());
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  expect(prices).toHaveLength(2);
});

it('the packaged prices have no entry in vain', () => {
  const { warnings, prices } = readPrices('prices.yml', new URL('../../config', import.meta.url).pathname, new Map());
  expect(warnings).toEqual([]);
  expect(prices).toEqual(packagedPrices());
});
