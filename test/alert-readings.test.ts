import { expect, it } from 'vitest';
import { readAlerts } from '../src/alert-readings.ts';
import { alerting, circuit } from './alerts/kit.ts';
import { metricsFor, samples } from './telemetry/kit.ts';

/** The samples of a scrape that are about alerts. */
async function scraped(active: Parameters<typeof readAlerts>[0]) {
  const found = samples(await metricsFor({ observe: () => ({ upstreams: new Map(), ...readAlerts(active) }) }).text());
  return (name: string) => found.get(`outrigger_${name}`);
}

it('tells how many incidents are open, how many messages wait, and which steps were taken', async () => {
  const escalation = [
    { after: '1m', send: ['hook'] },
    { after: '1h', send: ['hook'] },
  ];
  const { clock, engine, channels } = alerting({
    groupWait: '0s',
    rules: [{ on: 'circuit-open', severity: 'high', send: ['ops'] }],
    escalation,
  });
  channels.ops.answer = () => ({ result: 'later', reason: 'it is down' });
  engine.on(circuit('open'), undefined);
  engine.on(circuit('open', 'spare'), undefined);
  await clock.advance(1000);
  expect((await scraped({ engine }))('alert_queue_length')).toBe(2);
  await clock.advance(90_000);
  const at = await scraped({ engine });
  expect(at('open_incidents{severity="high"}')).toBe(2);
  expect(at('open_incidents{severity="low"}')).toBe(0);
  expect(at('escalations_total{level="1"}')).toBe(2);
  expect(at('escalations_total{level="2"}')).toBe(0);

  engine.on(circuit('closed'), undefined);
  engine.on(circuit('closed', 'spare'), undefined);
  expect((await scraped({ engine }))('open_incidents{severity="high"}')).toBe(0);
});

it('tells of nothing, at 0, where there are no alerts', async () => {
  const at = await scraped(undefined);
  for (const name of ['open_incidents{severity="critical"}', 'alert_queue_length', 'escalations_total{level="1"}'])
    expect(at(name), name).toBe(0);
});
