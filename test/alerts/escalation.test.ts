import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../src/alerts/incident.ts';
import { type Alerting, alerting, circuit } from './kit.ts';

const seconds = 1000;
const minutes = 60 * seconds;

const ladder = {
  rules: [{ on: 'circuit-open', severity: 'high', send: ['ops'] }],
  escalation: [
    { after: '10m', send: ['mail'] },
    { after: '30m', send: ['hook'] },
  ],
};

const only = ({ engine }: Alerting): Incident => [...engine.incidents()][0]!;

describe('an escalation', () => {
  it('tells more channels the longer nobody acknowledges', async () => {
    const { engine, clock, channels } = alerting(ladder);
    engine.on(circuit('open'), undefined);
    await clock.advance(30 * seconds + 10 * minutes - 1);
    expect([channels.ops.told, channels.mail.told]).toEqual([['firing 1'], []]);
    await clock.advance(1);
    expect([channels.mail.told, channels.hook.told]).toEqual([['escalated 1'], []]);
    await clock.advance(20 * minutes);
    expect(channels.hook.told).toEqual(['escalated 1']);
    expect(channels.hook.messages[0]?.level).toBe(2);
    engine.on(circuit('closed'), undefined);
    await clock.advance(10 * minutes);
    expect([channels.ops.told.at(-1), channels.mail.told.at(-1), channels.hook.told.at(-1)]).toEqual(Array(3).fill('resolved 1'));
  });

  it('stops at an acknowledgement, which those hear of who were told', async () => {
    const run = alerting(ladder);
    run.engine.on(circuit('open'), undefined);
    await run.clock.advance(11 * minutes);
    await run.engine.acknowledge(only(run), 'ann');
    await run.clock.advance(120 * minutes);
    expect([run.channels.ops.told, run.channels.mail.told, run.channels.hook.told]).toEqual([
      ['firing 1', 'acknowledged 1'],
      ['escalated 1', 'acknowledged 1'],
      [],
    ]);
    expect(run.channels.ops.messages[1]?.notices[0]?.by).toBe('ann');
  });

  it('leaves out a step for worse incidents, and takes one at once where it is after 0s', async () => {
    const { engine, clock, channels } = alerting({
      rules: [{ on: 'circuit-open', severity: 'medium' }],
      escalation: [
        { after: '0s', send: ['ops'] },
        { after: '1m', send: ['mail'], severity: 'critical' },
        { after: '2m', send: ['hook'], severity: 'medium' },
      ],
    });
    engine.on(circuit('open'), undefined);
    await clock.advance(10 * minutes);
    expect([channels.ops.told, channels.mail.told, channels.hook.told]).toEqual([['firing 1'], [], ['escalated 1']]);
  });

  it('goes on as it began when the configuration changes', async () => {
    const run = alerting(ladder);
    const { engine, clock, channels } = run;
    engine.on(circuit('open'), undefined);
    await clock.advance(minutes);
    run.configure({ rules: ladder.rules, escalation: [{ after: '2m', send: ['hook'] }] });
    await clock.advance(8 * minutes);
    expect([channels.mail.told, channels.hook.told]).toEqual([[], []]);
    await clock.advance(2 * minutes);
    expect([channels.mail.told, channels.hook.told]).toEqual([['escalated 1'], []]);
  });

  it('takes each step that fell due during a restart once', async () => {
    const before = alerting(ladder);
    before.engine.on(circuit('open'), undefined);
    await before.clock.advance(minutes);
    await before.engine.close();
    await before.clock.advance(60 * minutes);
    const after = before.restart();
    await after.clock.advance(seconds);
    expect([after.channels.ops.told, after.channels.mail.told, after.channels.hook.told]).toEqual([
      ['firing 1'],
      ['escalated 1'],
      ['escalated 1'],
    ]);
    await after.engine.close();
    const again = after.restart();
    await again.clock.advance(4 * minutes);
    expect([again.channels.mail.told, again.channels.hook.told]).toEqual([['escalated 1'], ['escalated 1']]);
  });

  it('is held back by a silence, and goes on when that is over', async () => {
    const { engine, clock, channels } = alerting(ladder);
    engine.on(circuit('open'), undefined);
    await clock.advance(minutes);
    await engine.addSilence({
      id: 's',
      match: { upstream: 'open*' },
      fromMs: 0,
      untilMs: clock.wall() + 60 * minutes,
      comment: '',
      by: 'ann',
    });
    await clock.advance(59 * minutes);
    expect(channels.mail.told).toEqual([]);
    await clock.advance(3 * minutes);
    expect([channels.mail.told, channels.hook.told]).toEqual([['escalated 1'], ['escalated 1']]);
  });
});

it('acknowledging, resolving and the timer of a level may come in any order: no step after an acknowledgement, no way back from the end', async () => {
  const step = fc.oneof(
    fc.constantFrom('acknowledge', 'resolve', 'open', 'closed', 'restart'),
    fc.integer({ min: 1, max: 12 * minutes }).map((ms) => ms),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), fc.boolean(), async (steps, slow) => {
      let run = alerting(ladder);
      const { channels, clock } = run;
      const answer = () => ({ result: 'delivered', said: '' }) as const;
      // A channel that takes its time is where an answer meets a timer.
      if (slow) channels.mail.answer = () => new Promise((resolve) => clock.timer(3 * seconds, () => resolve(answer())));
      run.engine.on(circuit('open'), undefined);
      await clock.advance(30 * seconds);
      for (const next of steps) {
        const incident = only(run);
        const { status, reopened } = incident;
        // A message that is on its way when somebody acknowledges may still arrive.
        const sent = () => channels.mail.told.length + channels.hook.told.length;
        if (typeof next === 'number') {
          const before = sent();
          const underway = slow && run.engine.health().queued > 0;
          await clock.advance(next);
          const kinds = [...channels.mail.messages, ...channels.hook.messages].slice(before).map(({ kind }) => kind);
          if (status === 'acknowledged' && !underway && only(run).reopened === reopened) expect(kinds).not.toContain('escalated');
        } else if (next === 'acknowledge') {
          await run.engine.acknowledge(incident, 'ann');
          if (status === 'resolved') expect(incident.status).toBe('resolved');
        } else if (next === 'resolve') await run.engine.resolve(incident, 'ann', 'done');
        else if (next === 'restart') {
          await run.engine.close();
          run = run.restart();
          await clock.advance(0);
          expect(only(run).status).toBe(status);
        } else run.engine.on(circuit(next), undefined);
        const now = only(run);
        // Only the thing itself, happening again, brings an incident back.
        if (status === 'resolved' && now.status !== 'resolved') expect([next, now.reopened]).toEqual(['open', reopened + 1]);
      }
      let isAcknowledged = false;
      for (const { what } of only(run).timeline) {
        if (what === 'acknowledged' || what === 'reopened') isAcknowledged = what === 'acknowledged';
        if (isAcknowledged) expect(what).not.toBe('escalated');
      }
      const taken = only(run).timeline.filter(({ what }) => what === 'escalated');
      expect(new Set(taken.map(({ detail }) => detail)).size).toBe(taken.length);
    }),
    { numRuns: 1000 },
  );
}, 120_000);
