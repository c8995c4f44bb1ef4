import { resourceFromAttributes } from '@opentelemetry/resources';
import { expect, test } from 'vitest';
import { linesAtAStretch, prometheusStretches } from '../../src/telemetry/prometheus-text.ts';
import { samples } from './kit.ts';
import { bigMetrics, tell } from './many-names.ts';

test('the longest scrape is written in stretches, and together they are all of it', async () => {
  const metrics = bigMetrics();
  tell(metrics, 10_000);
  const { resourceMetrics } = await metrics.producer.collect();
  const stretches = [...prometheusStretches({ ...resourceMetrics, resource: resourceFromAttributes({}) })];
  for (const stretch of stretches) expect(samples(stretch).size).toBeLessThanOrEqual(linesAtAStretch);
  const own = [...samples(await metrics.text()).keys()].filter((sample) => !/^(process|nodejs)_/.test(sample));
  expect([...samples(stretches.join('')).keys()]).toEqual(own);
});

test('other work has a turn between any two stretches of a scrape', async () => {
  const metrics = bigMetrics();
  tell(metrics, 10_000);
  let turns = 0;
  let over = false;
  const turn = () => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const lines = samples(await metrics.text()).size;
  over = true;
  expect(turns).toBeGreaterThan(lines / linesAtAStretch);
});
