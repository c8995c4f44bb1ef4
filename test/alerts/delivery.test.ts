import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/alerts/channel.ts';
import { alerting, callOf, circuit, loop } from './kit.ts';

const seconds = 1000;
const minutes = 60 * seconds;
const later: Delivery = { result: 'later', reason: 'HTTP 500' };

const toOps = { rules: [{ on: 'circuit-open', send: ['ops'] }] };

describe('a message that a channel does not take', () => {
  it('is tried again with longer and longer waits, under the same id', async () => {
    const { engine, clock, channels } = alerting(toOps);
    const tries: { id: string; atMs: number }[] = [];
    channels.ops.answer = ({ id }) => {
      tries.push({ id, atMs: clock.now() });
      return tries.length < 6 ? later : { result: 'delivered', said: 'ok' };
    };
    engine.on(circuit('open'), undefined);
    await clock.advance(5 * minutes);
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
    const waits = tries.slice(1).map(({ atMs }, index) => atMs - tries[index]!.atMs);
    // Half of it is jitter, here always in the middle.
    expect(waits).toEqual([750, 1500, 3000, 6000, 12_000]);
    expect(channels.ops.told).toEqual(['firing 1']);
  });

  it('waits as long as the other side asks', async () => {
    const { engine, clock, channels } = alerting(toOps);
    let tries = 0;
    channels.ops.answer = () => (++tries === 1 ? { ...later, retryAfterMs: 90_000 } : { result: 'delivered', said: 'ok' });
    engine.on(circuit('open'), undefined);
    await clock.advance(30 * seconds + 89 * seconds);
    expect(tries).toBe(1);
    await clock.advance(2 * seconds);
    expect(tries).toBe(2);
  });

  it('counts as not taken after its time, or when the channel throws', async () => {
    const { engine, clock, channels } = alerting(toOps);
    let tries = 0;
    channels.ops.answer = () => {
      tries += 1;
      if (tries === 1) return new Promise(() => {});
      if (tries === 2) throw new Error('bug');
      return { result: 'delivered', said: 'ok' };
    };
    engine.on(circuit('open'), undefined);
    await clock.advance(30 * seconds + 5 * seconds);
    expect([tries, engine.health().channels[0]?.lastError]).toEqual([1, 'no answer within 5 s']);
    await clock.advance(10 * seconds);
    expect([tries, channels.ops.told]).toEqual([3, ['firing 1']]);
  });

  it('goes to the next channel of the ladder after three tries, and the rest of them at once', async () => {
    const { engine, clock, channels } = alerting({ ...toOps, escalation: [{ after: '1h', send: ['mail'] }] });
    let tries = 0;
    channels.ops.answer = () => {
      tries += 1;
      return later;
    };
    engine.on(circuit('open', 'a'), undefined);
    engine.on(circuit('open', 'b'), undefined);
    await clock.advance(minutes);
    expect(channels.mail.told).toEqual(['firing 1', 'firing 1']);
    expect(tries).toBe(3);
    expect(engine.counts.all().get('ops')).toMatchObject({ ok: 0, error: 2 });
    expect(engine.counts.all().get('mail')).toMatchObject({ ok: 2, error: 0 });
  });

  it('that will never work goes on at once, and is an alert of its own to others', async () => {
    const rules = [...toOps.rules, { on: 'alert-undelivered', severity: 'high', send: ['ops', 'mail'] }];
    const { engine, clock, channels } = alerting({ rules });
    channels.ops.answer = () => ({ result: 'refused', reason: 'HTTP 410' });
    engine.on(circuit('open'), undefined);
    await clock.advance(2 * minutes);
    expect(channels.mail.messages.map(({ notices }) => notices[0]?.title)).toEqual(['Alert not delivered']);
    expect(channels.ops.told).toEqual([]);
    const [first] = [...engine.incidents()];
    expect(first?.timeline.at(-1)).toMatchObject({ what: 'undelivered', detail: 'ops: given up: HTTP 410' });
  });

  it('of two channels that fail goes to the next one once', async () => {
    const escalation = [{ after: '1h', send: ['hook'] }];
    const { engine, clock, channels, records } = alerting({ escalation, rules: [{ on: 'circuit-open', send: ['ops', 'mail'] }] });
    channels.ops.answer = () => ({ result: 'refused', reason: 'archived' });
    channels.mail.answer = () => ({ result: 'later', reason: 'down' });
    engine.on(circuit('open'), undefined);
    await clock.advance(60 * seconds);
    expect([channels.hook.told, engine.queued]).toEqual([['firing 1'], 0]);
    expect(records.all().filter(({ kind }) => kind === 'outbox')).toEqual([]);
    engine.on(circuit('closed'), undefined);
    await clock.advance(5 * minutes);
    expect(channels.hook.told).toEqual(['firing 1', 'resolved 1']);
  });

  it('is dropped once it is not true any more, and its end is not told to those who never heard of it', async () => {
    const { engine, clock, channels } = alerting(toOps);
    channels.ops.answer = () => later;
    engine.on(circuit('open'), undefined);
    await clock.advance(2 * minutes);
    engine.on(circuit('closed'), undefined);
    await clock.advance(2 * minutes);
    channels.ops.answer = () => ({ result: 'delivered', said: 'ok' });
    await clock.advance(60 * minutes);
    expect([channels.ops.told, engine.health().queued]).toEqual([[], 0]);
  });
});

it('messages of one channel arrive in their order', async () => {
  const { engine, clock, channels } = alerting({ ...toOps, groupInterval: '1s' });
  let tries = 0;
  channels.ops.answer = () => (++tries < 3 ? later : { result: 'delivered', said: 'ok' });
  engine.on(circuit('open', 'a'), undefined);
  await clock.advance(30 * seconds);
  engine.on(circuit('open', 'b'), undefined);
  await clock.advance(5 * minutes);
  expect(channels.ops.messages.map(({ notices }) => notices[0]?.title)).toEqual(['Circuit open: a', 'Circuit open: b']);
});

it('what waits when the process ends is sent by the next one, under the same id', async () => {
  const before = alerting(toOps);
  const ids: string[] = [];
  before.channels.ops.answer = ({ id }) => {
    ids.push(id);
    return later;
  };
  before.engine.on(circuit('open'), undefined);
  await before.clock.advance(31 * seconds);
  // No close: it was killed.
  before.channels.ops.answer = () => new Promise(() => {});
  const after = before.restart();
  after.channels.ops.answer = () => ({ result: 'delivered', said: 'ok' });
  await after.clock.advance(minutes);
  // The one before is still there and tries again as well.
  expect(new Set(after.channels.ops.messages.map(({ id }) => id))).toEqual(new Set([ids[0]]));
});

it('words from outside are data in messages, and capped', async () => {
  const { engine, clock, channels } = alerting({ rules: [{ on: 'loop-detected', send: ['ops'] }] });
  const hostile = `<!channel> <https://evil.example|click> ${'x'.repeat(5000)}`;
  const event = loop();
  engine.on(event.kind === 'loop-detected' ? { ...event, tool: hostile } : event, callOf('a'));
  await clock.advance(minutes);
  const fact = channels.ops.messages[0]?.notices[0]?.facts.find(({ name }) => name === 'tool');
  expect(fact?.value.startsWith('<!channel> <https://evil.example|click> xxx')).toBe(true);
  expect(fact?.value).toHaveLength(500);
  expect(channels.ops.messages[0]?.notices[0]?.title).toBe('Agent in a loop: openai, agent a');
});
