import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { type Alerting, alerting, callOf, circuit } from './kit.ts';

const seconds = 1000;
const incidents = 1000;
/** What is told in a step, what else is stored, and the group and the message of each that is told. */
const mostRecords = 700;

const paused = (agent: number): Event => ({ kind: 'agent-paused', attempt: 0, agent: `agent-${agent}`, reason: 'it goes in circles' });
const onPauses = { rules: [{ on: 'agent-paused', send: ['ops'] }] };
const onCircuits = { rules: [{ on: 'circuit-open', send: ['ops'] }] };

/** Incidents that a channel was told of, one entry for each time. */
function told({ engine }: Alerting): string[] {
  return [...engine.incidents()].flatMap(({ id, timeline }) => timeline.filter(({ what }) => what === 'told').map(() => id));
}

describe('a thousand new incidents', () => {
  it('at once, each of its own group, are stored in steps, and no more often than their changes', async () => {
    const run = alerting(onCircuits);
    for (let index = 0; index < incidents; index++) run.engine.on(circuit('open', `upstream-${index}`), undefined);
    await run.clock.advance(29 * seconds);
    // The incident and its group.
    expect([run.records.written, run.records.all().length]).toEqual([2 * incidents, 2 * incidents]);
    await run.clock.advance(5 * seconds);
    expect(run.records.most).toBeLessThanOrEqual(mostRecords);
    expect(run.channels.ops.told).toHaveLength(20);
    // Each is told or in the digest: stored once more with its group; then the messages, their ends, and the digest in each step.
    expect(run.records.written).toBeLessThan(4 * incidents + 200);
  });

  it('of one group make a few messages, which tell of each once', async () => {
    const run = alerting(onPauses);
    for (let index = 0; index < incidents; index++) run.engine.on(paused(index), callOf(`agent-${index}`));
    await run.clock.advance(31 * seconds);
    expect(run.channels.ops.told).toEqual(Array(5).fill('firing 200'));
    expect(new Set(told(run)).size).toBe(incidents);
    expect(told(run)).toHaveLength(incidents);
    expect(run.records.most).toBeLessThanOrEqual(mostRecords);
  });

  it('one after the other within a second are seen to fifty times a second at most', async () => {
    const run = alerting(onPauses);
    for (let index = 0; index < incidents; index++) {
      run.engine.on(paused(index), undefined);
      await run.clock.advance(1);
    }
    expect(run.published).toHaveLength(incidents);
    expect(run.records.commits).toBeLessThanOrEqual(51);
    expect(run.records.written).toBeLessThan(incidents + 60);
  });

  it('end in steps too, and each end is told to those who know', async () => {
    const run = alerting(onPauses);
    for (let index = 0; index < incidents; index++) run.engine.on(paused(index), undefined);
    await run.clock.advance(31 * seconds);
    const resumed = (agent: number): Event => ({ kind: 'agent-resumed', attempt: 0, agent: `agent-${agent}`, note: '' });
    for (let index = 0; index < incidents; index++) run.engine.on(resumed(index), undefined);
    await run.clock.advance(301 * seconds);
    expect(run.channels.ops.told.slice(5)).toEqual(Array(5).fill('resolved 200'));
    expect(run.records.most).toBeLessThanOrEqual(mostRecords);
  });

  it('are told once each where the process ends in any step and the next one goes on', async () => {
    for (const ms of [0, 20, 60, 200, 29_990, 30_000, 30_021, 30_041, 30_200]) {
      const before = alerting(onPauses);
      for (let index = 0; index < incidents; index++) before.engine.on(paused(index), undefined);
      await before.clock.advance(ms);
      const stored = before.records.all().filter(({ kind }) => kind === 'incident').length;
      expect(stored).toBeGreaterThan(0);
      // Killed: it neither writes nor sends any more.
      before.channels.ops.answer = () => new Promise(() => {});
      const after = alerting(onPauses, before.clock, before.records.copy());
      await before.clock.advance(90 * seconds);
      expect([ms, [...after.engine.incidents()].filter(({ told: channels }) => channels.length !== 1).length]).toEqual([ms, 0]);
    }
  });
});

it('an incident whose group did not get to the disk any more is told all the same', async () => {
  const before = alerting(onPauses);
  before.engine.on(paused(1), undefined);
  await before.clock.advance(seconds);
  const records = before.records.copy();
  const groups = records.all().filter(({ kind }) => kind === 'group');
  expect(groups).toHaveLength(1);
  await records.commit(groups.map(({ kind, id }) => ({ kind, id })));
  const { clock, channels } = alerting(onPauses, undefined, records);
  await clock.advance(31 * seconds);
  expect(channels.ops.told).toEqual(['firing 1']);
});
