import { describe, expect, test } from 'vitest';
import type { CircuitState } from '../../../src/core/event.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import type { CheckName } from '../../../src/telemetry/health/checks.ts';
import { Health } from '../../../src/telemetry/health/health.ts';
import type { MachineReading } from '../../../src/telemetry/health/machine.ts';
import { healthSettings } from '../../../src/telemetry/health/settings.ts';
import { answered, attemptEnded, callEnded, committed } from '../kit.ts';

/** A health whose machine, circuits and alerts are what the test says. */
function healthFor(settings: object = {}) {
  const clock = new ManualClock();
  const machine: { -readonly [Key in keyof MachineReading]: MachineReading[Key] } = {
    ...{ cpu: 0.1, memory: 0.1, disk: { freeBytes: 90, sizeBytes: 100 }, loopLagMs: 1, loopUtilization: 0 },
  };
  const circuits = new Map<string, CircuitState>([['openai', 'closed']]);
  const alerts = { sent: 0, failed: 0 };
  const health = new Health({
    clock,
    settings: healthSettings.parse(settings),
    upstreams: ['openai', 'spare'],
    machine: { sample: () => {}, read: () => machine, close: () => {} },
    circuits: () => circuits,
    alerts: () => ({ ...alerts }),
  });
  const check = (name: CheckName) => health.report().checks.find((one) => one.name === name)!;
  return { clock, machine, circuits, alerts, health, check };
}

function times(count: number, act: () => void): void {
  for (let made = 0; made < count; made += 1) act();
}

describe('the error rate', () => {
  test.each([
    [9, 'healthy'],
    [10, 'warning'],
    [24, 'warning'],
    [25, 'critical'],
  ] as const)('of %d in 100 calls is %s', (errors, status) => {
    const { health, check } = healthFor();
    times(100 - errors, () => health.on(callEnded('ok')));
    times(errors, () => health.on(callEnded('upstream-error')));
    expect(check('error-rate')).toMatchObject({ status, value: errors / 100, unit: 'ratio', threshold: { warning: 0.1, critical: 0.25 } });
    expect(health.report().status).toBe(status);
  });

  test('is not told of fewer calls than the minimum', () => {
    const { health, check } = healthFor({ minimum: 3 });
    times(2, () => health.on(callEnded('timeout')));
    expect(check('error-rate')).toMatchObject({ status: 'healthy', value: null });
    health.on(callEnded('refused'));
    expect(check('error-rate')).toMatchObject({ status: 'critical', value: 1 });
  });

  test('leaves out agents that went or were paused, and counts what a policy has mended as fine', () => {
    const { health, check } = healthFor({ minimum: 1 });
    for (const outcome of ['ok', 'retried', 'fell-back', 'cached', 'degraded', 'client-error'] as const) health.on(callEnded(outcome));
    times(50, () => health.on(callEnded('cancelled')));
    times(50, () => health.on(callEnded('paused')));
    expect(check('error-rate').value).toBe(0);
    times(2, () => health.on(callEnded('upstream-error')));
    expect(check('error-rate').value).toBe(0.25);
  });

  test('forgets what is older than the window, and says since when it is as it is', async () => {
    const { clock, health, check } = healthFor({ window: '1m', minimum: 1 });
    health.start();
    const startedAt = new Date(clock.wall()).toISOString();
    await clock.advance(10_000);
    health.on(callEnded('upstream-error'));
    await clock.advance(5000);
    const failing = check('error-rate');
    expect(failing.status).toBe('critical');
    expect(Date.parse(failing.since) - Date.parse(startedAt)).toBe(11_000);
    await clock.advance(40_000);
    expect(check('error-rate').since).toBe(failing.since);
    await clock.advance(20_000);
    expect(check('error-rate')).toMatchObject({ status: 'healthy', value: null });
    expect(Date.parse(check('error-rate').since)).toBeGreaterThan(Date.parse(failing.since));
    health.close();
    expect(clock.pending).toBe(0);
  });
});

test('latency is that of the slowest call but one in 20, to 5 %', () => {
  const { health, check } = healthFor();
  times(94, () => health.on(committed({ ms: 200 })));
  times(6, () => health.on(committed({ ms: 6000 })));
  expect(check('latency').status).toBe('warning');
  expect(Math.abs(check('latency').value! / 6 - 1)).toBeLessThan(0.05);
  times(100, () => health.on(committed({ ms: 12_000 })));
  expect(check('latency').status).toBe('critical');
});

test('availability is that of the worst upstream, and names it; refusals of ours count for nobody', () => {
  const { health, check } = healthFor();
  times(100, () => health.on(attemptEnded('openai')));
  times(17, () => health.on(attemptEnded('spare', { verdict: 'rate-limited' })));
  times(2, () => health.on(answered('spare', { verdict: 'network', status: undefined })));
  times(50, () => health.on(answered('spare', { verdict: 'refused', status: undefined })));
  expect(check('availability').value).toBe(1);
  health.on(attemptEnded('spare', { verdict: 'server-error' }));
  expect(check('availability')).toMatchObject({ status: 'warning', value: 0.85, detail: 'spare' });
  times(5, () => health.on(attemptEnded('spare', { verdict: 'overloaded' })));
  expect(check('availability').status).toBe('critical');
});

test('circuits that are not closed are counted and named', () => {
  const { circuits, check } = healthFor({ breakers: { critical: 2 } });
  circuits.set('openai', 'half-open');
  expect(check('breakers')).toMatchObject({ status: 'warning', value: 1, detail: 'openai half-open' });
  circuits.set('spare', 'open');
  expect(check('breakers')).toMatchObject({ status: 'critical', value: 2, detail: 'openai half-open, spare open' });
});

test.each([
  ['cpu', { cpu: 0.8 }, 'warning'],
  ['cpu', { cpu: 0.95 }, 'critical'],
  ['cpu', { cpu: undefined }, 'healthy'],
  ['memory', { memory: 0.89 }, 'warning'],
  ['memory', { memory: 0.9 }, 'critical'],
  ['disk', { disk: { freeBytes: 15, sizeBytes: 100 } }, 'warning'],
  ['disk', { disk: { freeBytes: 4, sizeBytes: 100 } }, 'critical'],
  ['disk', { disk: undefined }, 'healthy'],
  ['event-loop', { loopLagMs: 120 }, 'warning'],
  ['event-loop', { loopLagMs: 500 }, 'critical'],
] as const)('%s with %j is %s', (name, reading, status) => {
  const { machine, check, health } = healthFor();
  Object.assign(machine, reading);
  expect(check(name).status).toBe(status);
  expect(health.values().get(name)).toBe(['healthy', 'warning', 'critical'].indexOf(status));
});

test('alerts that could not be delivered are a share of those of the window', async () => {
  const { alerts, clock, check } = healthFor({ window: '1m' });
  expect(check('alert-delivery').value).toBeNull();
  Object.assign(alerts, { sent: 4, failed: 1 });
  expect(check('alert-delivery')).toMatchObject({ status: 'warning', value: 0.2 });
  await clock.advance(61_000);
  expect(check('alert-delivery').value).toBeNull();
  alerts.failed += 1;
  expect(check('alert-delivery')).toMatchObject({ status: 'critical', value: 1 });
});

test.each([
  ['error-rate', 'ratio', 0.1, 0.25],
  ['latency', 'seconds', 5, 10],
  ['availability', 'ratio', 0.95, 0.8],
  ['breakers', 'circuits', 1, 3],
  ['cpu', 'ratio', 0.8, 0.9],
  ['memory', 'ratio', 0.8, 0.9],
  ['disk', 'ratio', 0.85, 0.95],
  ['event-loop', 'seconds', 0.1, 0.5],
  ['alert-delivery', 'ratio', 0.1, 0.5],
] as const)('%s (%s) is judged by %d and %d unless the configuration says otherwise', (name, unit, warning, critical) => {
  expect(healthFor().check(name)).toMatchObject({ unit, threshold: { warning, critical } });
});

test.each([
  [96, 'healthy'],
  [95, 'warning'],
  [81, 'warning'],
  [80, 'critical'],
])('an upstream that answers %d in 100 attempts is %s', (good, status) => {
  const { health, check } = healthFor();
  times(good, () => health.on(attemptEnded('spare')));
  times(100 - good, () => health.on(attemptEnded('spare', { verdict: 'timeout' })));
  expect(check('availability').status).toBe(status);
});

test('another configuration has its thresholds at once and keeps the counts of what stays', () => {
  const { health, check } = healthFor();
  times(20, () => health.on(attemptEnded('openai', { verdict: 'timeout' })));
  times(20, () => health.on(callEnded('ok')));
  health.configure(healthSettings.parse({ availability: { warning: '0%', critical: '0%' } }), ['openai', 'third']);
  expect(check('availability')).toMatchObject({ value: 0, threshold: { warning: 0, critical: 0 }, detail: 'openai' });
  health.configure(healthSettings.parse({}), ['third']);
  expect(check('availability').value).toBeNull();
  expect(check('error-rate').value).toBe(0);
  health.configure(healthSettings.parse({ window: '10m' }), ['third']);
  expect(check('error-rate').value).toBeNull();
});

test.each([
  { errorRate: { warning: '30%' } },
  { availability: { critical: '99%' } },
  { latency: { warning: '10s', critical: '5s' } },
  { window: '5s' },
  { minimum: 0 },
  { unknown: 1 },
])('%j is no configuration', (settings) => {
  expect(healthSettings.safeParse(settings).success).toBe(false);
});
