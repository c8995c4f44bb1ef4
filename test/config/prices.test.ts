import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LoadResult, loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { packagedPrices } from '../../src/config/read-prices.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

const config = `upstreams: { main: { url: "http://127.0.0.1:1" } }
routes: [ { path: /, upstream: main } ]
telemetry: { prices: prices.yml }
`;

/** Loads a configuration with a file of prices beside it; without one where that is undefined. */
function load(prices: string | undefined): LoadResult & { directory: string } {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'outrigger.yaml'), config);
  if (prices !== undefined) writeFileSync(join(directory, 'prices.yml'), prices);
  return { ...loadConfig({ config: join(directory, 'outrigger.yaml'), environment: { HOME: directory }, directory }), directory };
}

function told(prices: string | undefined): string[] {
  const result = load(prices);
  return (result.ok ? result.warnings : result.problems).map(formatProblem);
}

const entry = (text: string) => `checked: 2026-11-01\nprices:\n  - ${text}\n`;

describe('a file of prices', () => {
  test('stands before the packaged prices', () => {
    const result = load(entry('{ models: ["gpt-*"], upstreams: [main], input: 1, output: 2 }'));
    expect(result.ok && result.prices[0]).toEqual({ models: ['gpt-*'], upstreams: ['main'], input: 1, output: 2 });
    expect(result.ok && result.prices.slice(1)).toEqual(packagedPrices());
    expect(packagedPrices().length).toBeGreaterThan(20);
  });

  test('is watched, also where it is not there yet', () => {
    for (const text of [undefined, entry('{ models: [m], input: 1, output: 2 }')]) {
      const { files, directory } = load(text);
      expect([...files.keys()]).toContain(join(directory, 'prices.yml'));
    }
  });

  test('that is not there is a problem of the key that names it', () => {
    expect(told(undefined)).toEqual([expect.stringMatching(/outrigger\.yaml:3:22 telemetry\.prices: there is no such file\n/)]);
  });

  test.each([
    [
      'checked: 2026-11-01\nprice: []\n',
      ['prices.yml:1:1 prices: prices is missing: expected a list', 'prices.yml:2:1 price: unknown key, did you mean "prices"?'],
    ],
    [entry('{ models: [m], input: cheap, output: 2 }'), ['prices.yml:3:27 prices[0].input: expected a number, not a text']],
    [entry('{ models: [m], input: -1, output: 2 }'), ['prices.yml:3:27 prices[0].input: expected at least 0']],
    [entry('{ models: [m], input: 1 }'), ['prices.yml:3:5 prices[0].output: output is missing: expected a number']],
    [
      entry('{ models: [m], input: 1, output: 2, cached: 3 }'),
      ['prices.yml:3:41 prices[0].cached: unknown key; known here: models, upstreams, input, output, cacheRead, cacheWrite, reasoning'],
    ],
    [
      entry('{ models: [m], input: 1, output: 2, cacheread: 3 }'),
      ['prices.yml:3:41 prices[0].cacheread: unknown key, did you mean "cacheRead"?'],
    ],
    [entry('{ models: m, input: 1, output: 2 }'), ['prices.yml:3:15 prices[0].models: expected a list, not a text']],
    ['checked: yesterday\nprices: []\n', ['prices.yml:1:10 checked: expected a day such as 2026-12-01']],
    ['# nothing\n\n', ['prices.yml: the file is empty; it needs checked and prices']],
  ])('with a mistake is refused with its line: %j', (text, problems) => {
    expect(told(text).map((problem) => problem.split('\n')[0])).toEqual(problems);
  });

  test('that cannot be taken apart is refused with its line', () => {
    expect(told('checked: 2026-11-01\nprices: [ { models: [m }\n').join()).toMatch(/prices\.yml:2:/);
  });

  test('is told of entries that never count', () => {
    const text = `${entry('{ models: [a, b], input: 1, output: 2 }')}  - { models: [c, b], upstreams: [main], input: 1, output: 2 }\n`;
    expect(told(text).map((problem) => problem.split('\n')[0])).toEqual([
      'prices.yml:4:19 prices[1].models[1]: stands in an entry above, which counts: this one is never used',
    ]);
  });
});
