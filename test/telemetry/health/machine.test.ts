import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createMachine } from '../../../src/telemetry/health/machine.ts';
import { eventually } from '../../kit/timing.ts';

test('the machine says what this process takes of it, also where the state directory is not there yet', async () => {
  const machine = createMachine(join(tmpdir(), 'not', 'there', 'yet'));
  onTestFinished(() => machine.close());
  expect(machine.read().cpu).toBeUndefined();
  machine.sample();
  await eventually('the disk has been looked at', () => machine.read().disk !== undefined);
  // The first samples are those of a start, and say nothing.
  for (let samples = 0; samples < 12; samples += 1) {
    const until = performance.now() + 5;
    while (performance.now() < until);
    machine.sample();
  }
  const { cpu, memory, disk, loopLagMs, loopUtilization } = machine.read();
  expect(cpu).toBeGreaterThan(0);
  expect(memory).toBeGreaterThan(0);
  expect(memory).toBeLessThan(1);
  expect(disk!.freeBytes).toBeLessThanOrEqual(disk!.sizeBytes);
  expect(loopLagMs).toBeGreaterThanOrEqual(0);
  expect(loopUtilization).toBeGreaterThan(0);
  expect(loopUtilization).toBeLessThanOrEqual(1);
});
