import { describe, expect, it } from 'vitest';
import { alerting, callOf, circuit, ended, loop } from './kit.ts';

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

const circuits = { rules: [{ on: 'circuit-open', severity: 'high', send: ['ops', 'mail'] }] };

describe('an open circuit', () => {
  it('is told once to each channel of its rule, after groupWait, with evidence and advice', async () => {
    const { engine, clock, channels } = alerting(circuits);
    engine.on(circuit('open'), callOf('planner'));
    await clock.advance(29 * seconds);
    expect(channels.ops.told).toEqual([]);
    await clock.advance(2 * seconds);
    expect([channels.ops.told, channels.mail.told, channels.hook.told]).toEqual([['firing 1'], ['firing 1'], []]);
    expect(channels.ops.messages[0]?.notices[0]).toMatchObject({
      on: 'circuit-open',
      status: 'firing',
      severity: 'high',
      title: 'Circuit open: openai',
      summary: 'the circuit of openai opened: 5 failures in a row',
      advice: 'see circuit-open',
    });
    const facts = Object.fromEntries(channels.ops.messages[0]!.notices[0]!.facts.map(({ name, value }) => [name, value]));
    expect(facts).toMatchObject({ upstream: 'openai', example: 'call-of-planner', ledger: 'openai;verdict=server-error;ms=12' });
  });

  it('is told as over to the same channels, no sooner than groupInterval after', async () => {
    const { engine, clock, channels } = alerting(circuits);
    engine.on(circuit('open'), undefined);
    await clock.advance(30 * seconds);
    engine.on(circuit('closed'), undefined);
    await clock.advance(5 * minutes - seconds);
    expect(channels.ops.told).toEqual(['firing 1']);
    await clock.advance(seconds);
    expect([channels.ops.told, channels.hook.told]).toEqual([['firing 1', 'resolved 1'], []]);
    await clock.advance(10 * hours);
    expect(channels.ops.told).toHaveLength(2);
  });

  it('is not told at all where it closes within groupWait', async () => {
    const { engine, clock, channels } = alerting(circuits);
    engine.on(circuit('open'), undefined);
    await clock.advance(20 * seconds);
    engine.on(circuit('closed'), undefined);
    await clock.advance(10 * hours);
    expect(channels.ops.told).toEqual([]);
  });

  it('that opens again within ten minutes is the same incident, and after that another one', async () => {
    const { engine, clock, channels } = alerting(circuits);
    engine.on(circuit('open'), undefined);
    await clock.advance(minutes);
    engine.on(circuit('closed'), undefined);
    await clock.advance(9 * minutes);
    engine.on(circuit('open'), undefined);
    await clock.advance(6 * minutes);
    engine.on(circuit('closed'), undefined);
    await clock.advance(11 * minutes);
    engine.on(circuit('open'), undefined);
    await clock.advance(6 * minutes);
    expect(channels.ops.told).toEqual(['firing 1', 'resolved 1', 'firing 1', 'resolved 1', 'firing 1']);
    const ids = channels.ops.messages.map(({ notices }) => notices[0]?.incident);
    expect(new Set(ids.slice(0, 4)).size).toBe(1);
    expect(ids[4]).not.toBe(ids[0]);
  });

  it('that flaps between two messages is not told of again', async () => {
    const { engine, clock, channels } = alerting(circuits);
    engine.on(circuit('open'), undefined);
    await clock.advance(30 * seconds);
    for (let round = 0; round < 20; round++) {
      engine.on(circuit('closed'), undefined);
      await clock.advance(5 * seconds);
      engine.on(circuit('open'), undefined);
      await clock.advance(5 * seconds);
    }
    await clock.advance(10 * minutes);
    expect(channels.ops.told).toEqual(['firing 1']);
  });

  it('is told again after repeatInterval, unless somebody has acknowledged it', async () => {
    const { engine, clock, channels } = alerting(circuits);
    engine.on(circuit('open'), undefined);
    await clock.advance(4 * hours + minutes);
    expect(channels.ops.told).toEqual(['firing 1', 'reminder 1']);
    const [incident] = [...engine.incidents()];
    await engine.acknowledge(incident!, 'ann');
    await clock.advance(10 * hours);
    expect(channels.ops.told).toEqual(['firing 1', 'reminder 1', 'acknowledged 1']);
  });

  it('with for: is told only if it lasts', async () => {
    const { engine, clock, channels } = alerting({ rules: [{ on: 'circuit-open', for: '2m', send: ['ops'] }] });
    engine.on(circuit('open'), undefined);
    await clock.advance(minutes);
    engine.on(circuit('closed'), undefined);
    await clock.advance(10 * minutes);
    expect([...engine.incidents()]).toEqual([]);
    engine.on(circuit('open'), undefined);
    await clock.advance(3 * minutes);
    expect(channels.ops.told).toEqual(['firing 1']);
  });
});

describe('a rule on a rate', () => {
  const rates = { rules: [{ on: 'error-rate', above: '25%', for: '1m', minimum: 20, severity: 'critical', send: ['ops'] }] };

  it('speaks up above its share, and not below its minimum of calls', async () => {
    const { engine, clock, channels } = alerting(rates);
    for (let call = 0; call < 19; call++) engine.on(ended('upstream-error'), callOf('a'));
    await clock.advance(2 * minutes);
    expect(channels.ops.told).toEqual([]);
    for (let call = 0; call < 20; call++) engine.on(ended(call % 3 === 0 ? 'upstream-error' : 'ok'), callOf('a'));
    await clock.advance(2 * minutes);
    expect(channels.ops.told).toEqual(['firing 1']);
    expect(channels.ops.messages[0]?.notices[0]?.summary).toBe('35.0% of 20 calls failed in 60 s, above 25%');
  });

  it('is silent at its share, and does not count calls that agents gave up', async () => {
    const { engine, clock, channels } = alerting(rates);
    for (let call = 0; call < 40; call++) engine.on(ended(call % 4 === 0 ? 'upstream-error' : 'ok'), callOf('a'));
    for (let call = 0; call < 100; call++) engine.on(ended('cancelled'), callOf('a'));
    await clock.advance(10 * minutes);
    expect(channels.ops.told).toEqual([]);
  });

  it('is over when the rate is well for a while', async () => {
    const { engine, clock, channels } = alerting(rates);
    for (let call = 0; call < 20; call++) engine.on(ended('upstream-error'), callOf('a'));
    await clock.advance(20 * minutes);
    expect(channels.ops.told).toEqual(['firing 1', 'resolved 1']);
  });

  it('leaves no timer behind when nothing happens', async () => {
    const { engine, clock } = alerting(rates);
    await clock.advance(1);
    expect(clock.pending).toBe(0);
    for (let call = 0; call < 20; call++) engine.on(ended('ok'), callOf('a'));
    await clock.advance(10 * minutes);
    expect(clock.pending).toBe(0);
  });

  it('is held back while the circuit of its upstream is open, and not by that of another one', async () => {
    const both = { rules: [...rates.rules, { on: 'circuit-open', send: ['mail'] }] };
    const { engine, clock, channels } = alerting(both);
    engine.on(circuit('open'), undefined);
    for (let call = 0; call < 20; call++) {
      engine.on(ended('refused'), callOf('a'));
      engine.on(ended('upstream-error'), callOf('a', 'other'));
    }
    await clock.advance(3 * minutes);
    expect(channels.mail.told).toEqual(['firing 1']);
    expect(channels.ops.messages.flatMap(({ notices }) => notices.map(({ title }) => title))).toEqual(['Too many calls fail: other']);
  });
});

describe('many events', () => {
  it('of one group within a second make one message a channel', async () => {
    const { engine, clock, channels } = alerting({ rules: [{ on: 'loop-detected', severity: 'medium', send: ['ops', 'mail'] }] });
    for (let event = 0; event < 1000; event++) engine.on(loop(), callOf(`agent-${event % 100}`));
    await clock.advance(3 * minutes);
    expect([channels.ops.told, channels.mail.told]).toEqual([['firing 100'], ['firing 100']]);
    expect(channels.ops.messages[0]).toMatchObject({ more: 80 });
    expect(channels.ops.messages[0]?.notices[0]?.count).toBe(10);
  });

  it('of a thousand groups within a second make a burst of messages and one digest', async () => {
    const { engine, clock, channels } = alerting({ rules: [{ on: 'circuit-open', send: ['ops'] }] });
    for (let event = 0; event < 1000; event++) engine.on(circuit('open', `upstream-${event}`), undefined);
    await clock.advance(4 * minutes);
    const { ops } = channels;
    expect(ops.messages.filter(({ kind }) => kind === 'digest')).toHaveLength(1);
    expect(ops.messages).toHaveLength(21);
    const digest = ops.messages.find(({ kind }) => kind === 'digest');
    expect((digest?.notices.length ?? 0) + (digest?.more ?? 0)).toBe(980);
    expect(engine.counts.all().get('ops')).toMatchObject({ ok: 21, suppressed: 980, error: 0 });
  });
});
