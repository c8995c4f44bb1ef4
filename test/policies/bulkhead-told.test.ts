import { expect, test } from 'vitest';
import type { Outcome } from '../../src/core/outcome.ts';
import { bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { Places } from '../../src/policies/places.ts';
import { context, exchange, openReply, script, type TestContext, wholeReply } from './kit.ts';

const bulkhead = (given: TestContext, overrides: object = {}) =>
  createBulkhead(bulkheadSettings.parse({ concurrent: 1, queue: 1, ...overrides }), 'main', given);

/** A call that holds its place until the stream is ended. */
async function busy(given: TestContext, overrides: object = {}) {
  const stream = openReply();
  await bulkhead(given, overrides).run(exchange(), script(stream.reply));
  return stream;
}

const messageOf = (outcome: Outcome) => (outcome.kind === 'failure' ? outcome.message : undefined);

test('a full bulkhead says so, and that its queue is full as well', async () => {
  const given = context();
  await busy(given, { queue: 0 });
  const outcome = await bulkhead(given, { queue: 0 }).run(exchange(), script());
  expect(messageOf(outcome)).toBe('all places for calls to main are taken, and so is the queue');
});

test('a wait that is over says how long it was', async () => {
  const given = context();
  await busy(given);
  const outcome = bulkhead(given).run(exchange(), script());
  await given.clock.advance(10_000);
  expect(messageOf(await outcome)).toBe('all places for calls to main are taken, and none was free within 10000 ms');
});

test('an agent that has taken its share is told that it is one', async () => {
  const given = context();
  const share = { concurrent: 2, queue: 0, perAgent: '50%' };
  await busy(given, share);
  const outcome = await bulkhead(given, share).run(exchange(), script());
  expect(messageOf(outcome)).toBe('all places for calls to main that one agent may have are taken, and so is the queue');
});

test('a wait that the deadline ends says that time ran out in the queue, also where the longest wait ends then', async () => {
  const given = context();
  await busy(given);
  const outcome = bulkhead(given).run(exchange({ deadline: given.clock.now() + 10_000 }), script());
  await given.clock.advance(10_000);
  expect(await outcome).toMatchObject({
    code: 'deadline_exceeded',
    message: 'the call ran out of time while it waited for its turn',
    sent: 'no',
  });
});

test('a wait is as long as it took, whenever it began', async () => {
  const given = context();
  await given.clock.advance(7000);
  const stream = await busy(given);
  const call = exchange();
  const outcome = bulkhead(given).run(call, script(wholeReply()));
  await given.clock.advance(300);
  stream.end();
  await outcome;
  expect(call.noted('bulkhead-waited')).toMatchObject([{ waitMs: 300 }]);
});

test('an agent that is gone before it could wait has sent nothing', async () => {
  const given = context();
  await busy(given);
  const gone = exchange();
  gone.hangUp();
  expect(await bulkhead(given).run(gone, script())).toMatchObject({ verdict: 'cancelled', sent: 'no' });
});

test('nobody gets a place of an upstream that no bulkhead has set limits for', () => {
  const places = new Places(context().clock);
  expect(places.take()).toBe(false);
  expect(places.inspect()).toEqual({ inUse: 0, limit: 0, queued: 0, queueLimit: 0 });
});

test.each(['ok', 'overloaded'] as const)(
  'a call that ends as %s after a reload that switched adapting off teaches nothing',
  async (verdict) => {
    const given = context();
    const answer = Promise.withResolvers<Outcome>();
    const outcome = bulkhead(given, { concurrent: 10, adaptive: true }).run(exchange(), () => answer.promise);
    const reloaded = bulkhead(given, { concurrent: 10 });
    answer.resolve(wholeReply({ verdict }));
    expect(await outcome).toMatchObject({ verdict });
    expect(reloaded.inspect?.()).toMatchObject({ limit: 10 });
  },
);
