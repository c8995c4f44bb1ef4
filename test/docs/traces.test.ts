import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { labelValues } from '../../src/telemetry/label-values.ts';
import { planTelemetry } from '../../src/telemetry/traces/environment.ts';
import { notableKinds } from '../../src/telemetry/traces/settings.ts';

const page = readFileSync(new URL('../../docs/traces.md', import.meta.url), 'utf8');
const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '';

it('the page of traces has an example that is valid, without a warning, and exports both signals', () => {
  const { config, warnings } = loadConfigText(example);
  expect(warnings).toEqual([]);
  const plan = planTelemetry(config.telemetry, {});
  expect(plan.traces?.target.url).toBe('http://127.0.0.1:4318/v1/traces');
  expect(plan.push).toMatchObject({ target: { url: 'http://127.0.0.1:4318/v1/metrics' }, intervalMs: 60_000 });
});

it('the example of the page shows the defaults, but for the baggage', () => {
  const { baggage: _, ...shown } = loadConfigText(example).config.telemetry.traces ?? { baggage: [] };
  const bare = { upstreams: { a: { url: 'http://a' } }, routes: [{ path: '/', upstream: 'a' }], telemetry: { traces: {} } };
  const { baggage: none, ...defaults } = loadConfigText(JSON.stringify(bare)).config.telemetry.traces ?? { baggage: [] };
  expect(shown).toEqual(defaults);
  expect(none).toEqual([]);
});

it('the page names every reason for which a trace is kept and a span is dropped', () => {
  for (const word of [...notableKinds, ...labelValues.spansDropped]) expect(page).toContain(`\`${word}\``);
});

it('the page names every variable that the code reads', () => {
  const code = readFileSync(new URL('../../src/telemetry/traces/environment.ts', import.meta.url), 'utf8');
  const read = new Set([...code.matchAll(/'(OTEL_[A-Z_]+)'/g)].map(([, name]) => name ?? ''));
  expect(read.size).toBeGreaterThan(8);
  const suffixes = [...page.matchAll(/`(_?[A-Z][A-Z_]+)`/g)].map(([, name]) => name ?? '');
  for (const name of read) {
    expect(
      suffixes.some((suffix) => name === suffix || (suffix.startsWith('_') && name.endsWith(suffix))) || /_PROTOCOL$/.test(name),
      name,
    ).toBe(true);
  }
});
