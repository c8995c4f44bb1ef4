import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { metricsDoc } from '../../src/telemetry/metrics-doc.ts';
import { counters, gauges, histograms } from '../../src/telemetry/names.ts';
import { metricsFor } from '../telemetry/kit.ts';

test('docs/metrics.md is what the names say; npm run metrics-doc makes it anew', () => {
  expect(readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')).toBe(metricsDoc());
});

test('every word that a scrape has from the start stands in the page beside its metric', async () => {
  const rows = new Map(
    metricsDoc()
      .split('\n')
      .flatMap((line) => {
        const [, name] = /^\| `(outrigger_\w+)` \|/.exec(line) ?? [];
        return name === undefined ? [] : [[name, line] as const];
      }),
  );
  const names = [counters, gauges, histograms].flatMap((facts) => Object.values(facts).map(({ name }) => name));
  expect(new Set(rows.keys())).toEqual(new Set(names));
  // Names of the configuration of the test, and what stands for none.
  const given = new Set(['openai', 'spare', '/openai', '/spare', 'default', 'unknown', 'none', '1.2.3', process.version]);
  let seen = 0;
  for (const line of (await metricsFor().text()).split('\n')) {
    const [, name = '', labels = ''] = /^(outrigger_\w+?)(?:_bucket|_sum|_count)?\{(.*)\}/.exec(line) ?? [];
    for (const [, label, value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      const row = rows.get(name);
      if (!row || label === 'le' || label === 'subscriber' || given.has(value)) continue;
      expect(row, `${name} ${label}`).toMatch(new RegExp(`\`${label}\`: [^|]*\\b${value}\\b`));
      seen += 1;
    }
  }
  expect(seen).toBeGreaterThan(200);
});
