import { describe, expect, it } from 'vitest';
import { HealthAlerts } from '../src/health-alerts.ts';
import { Health } from '../src/telemetry/health/health.ts';
import type { MachineReading } from '../src/telemetry/health/machine.ts';
import { healthSettings } from '../src/telemetry/health/settings.ts';
import { alerting } from './alerts/kit.ts';

const onHealth = { groupWait: '0s', rules: [{ on: 'health', send: ['ops'] }] };

/** A sidecar's health before its alerts, on one clock. CPU, memory and disk are what the test says. */
function watched(settings: Record<string, unknown> = onHealth, before = alerting(settings)) {
  const machine: { -readonly [Key in keyof MachineReading]: MachineReading[Key] } = {
    ...{ cpu: undefined, memory: 0.1, disk: { freeBytes: 90, sizeBytes: 100 }, loopLagMs: 1, loopUtilization: 0 },
  };
  let active: { engine: typeof before.engine } | undefined = { engine: before.engine };
  const told = new HealthAlerts();
  const health = new Health({
    clock: before.clock,
    settings: healthSettings.parse({}),
    upstreams: ['openai'],
    machine: { sample: () => {}, read: () => machine, close: () => {} },
    circuits: () => new Map(),
    alerts: () => ({ sent: 0, failed: 0 }),
    judged: (report) => told.judge(report, active),
  });
  health.start();
  const incidents = () => [...before.engine.incidents()].map(({ fingerprint, status }) => `${fingerprint} ${status}`);
  const use = (engine: typeof before.engine | undefined) => {
    active = engine && { engine };
  };
  return { ...before, machine, health, incidents, use };
}

describe('a rule on health', () => {
  it('opens an incident when a check turns critical, once, and resolves it when the check is healthy again', async () => {
    const { clock, machine, incidents, channels, engine } = watched();
    await clock.advance(5000);
    expect(incidents()).toEqual([]);
    machine.memory = 0.95;
    await clock.advance(5000);
    expect(incidents()).toEqual(['memory firing']);
    const [incident] = engine.incidents();
    expect(incident).toMatchObject({ on: 'health', severity: 'high', count: 1, summary: 'memory is critical: 95%, critical from 90%' });
    machine.memory = 0.2;
    await clock.advance(400_000);
    expect(incidents()).toEqual(['memory resolved']);
    expect(channels.ops.told).toEqual(['firing 1', 'resolved 1']);
  });

  it('says nothing at warning: neither does an incident begin there nor end', async () => {
    const { clock, machine, incidents } = watched();
    machine.memory = 0.85;
    await clock.advance(5000);
    expect(incidents()).toEqual([]);
    machine.memory = 0.95;
    await clock.advance(2000);
    machine.memory = 0.85;
    await clock.advance(900_000);
    expect(incidents()).toEqual(['memory firing']);
  });

  it('makes an incident of each check by itself', async () => {
    const { clock, machine, incidents } = watched();
    machine.memory = 0.95;
    machine.disk = { freeBytes: 1, sizeBytes: 100 };
    await clock.advance(2000);
    expect(incidents()).toEqual(['memory firing', 'disk firing']);
    machine.disk = { freeBytes: 50, sizeBytes: 100 };
    await clock.advance(2000);
    expect(incidents()).toEqual(['memory firing', 'disk resolved']);
  });

  it('hears of what is critical already when it is new', async () => {
    const sidecar = watched({ rules: [] });
    const { clock, machine, incidents, use, engine } = sidecar;
    machine.memory = 0.95;
    await clock.advance(5000);
    expect(incidents()).toEqual([]);
    sidecar.configure(onHealth);
    use(engine);
    await clock.advance(5000);
    expect(incidents()).toEqual(['memory firing']);
  });

  it('ends after a removal of the alerts, when they are back and the check is healthy', async () => {
    const { clock, machine, incidents, use, engine } = watched();
    machine.cpu = 0.95;
    await clock.advance(2000);
    use(undefined);
    machine.cpu = undefined;
    await clock.advance(2000);
    expect(incidents()).toEqual(['cpu firing']);
    use(engine);
    await clock.advance(2000);
    expect(incidents()).toEqual(['cpu resolved']);
  });

  it('does not take the ignorance after a start for an end, and goes on for as long as the check is critical', async () => {
    const before = watched();
    before.machine.cpu = 0.95;
    await before.clock.advance(2000);
    before.health.close();
    const after = watched(onHealth, before.restart());
    await after.clock.advance(10_000);
    expect(after.incidents()).toEqual(['cpu firing']);
    after.machine.cpu = 0.95;
    await after.clock.advance(900_000);
    expect(after.incidents()).toEqual(['cpu firing']);
    after.machine.cpu = 0.1;
    await after.clock.advance(2000);
    expect(after.incidents()).toEqual(['cpu resolved']);
  });

  it('ends some minutes after a start where the check knows nothing any more, and comes back for good', async () => {
    const before = watched();
    before.machine.cpu = 0.95;
    await before.clock.advance(2000);
    before.health.close();
    const after = watched(onHealth, before.restart());
    await after.clock.advance(310_000);
    expect(after.incidents()).toEqual(['cpu resolved']);
    after.machine.cpu = 0.95;
    await after.clock.advance(3_600_000);
    expect(after.incidents()).toEqual(['cpu firing']);
  });
});
