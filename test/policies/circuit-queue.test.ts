import { expect, test } from 'vitest';
import type { Handler } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import { bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { circuitBreakerSettings, createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { placesOf } from '../../src/policies/places.ts';
import { settle } from '../kit/timing.ts';
import { context, exchange, openReply, script, type TestContext } from './kit.ts';

const places = bulkheadSettings.parse({ concurrent: 1, queue: 10, wait: '1m' });

/** A breaker with a bulkhead inside it, as the upstream stack has them. */
function stackOf(ctx: TestContext, next: Handler, breaker: object = {}, models: readonly string[] = []): Handler {
  const settings = circuitBreakerSettings.parse({ failures: 1, cooldown: '10s', probes: 2, ...breaker });
  return stack([createCircuitBreaker(settings, 'main', ctx, models), createBulkhead(places, 'main', ctx)], next);
}

function start(run: Handler, on = exchange({ attempt: 1 })) {
  const call: { on: typeof on; outcome?: Outcome } = { on };
  void run(on).then((outcome) => {
    call.outcome = outcome;
  });
  return call;
}

const broken = { verdict: 'network', complete: false } as const;

test('a circuit that opens refuses the calls that wait for a place behind it, at once', async () => {
  const ctx = context();
  const stream = openReply();
  const next = script(stream.reply);
  const run = stackOf(ctx, next);
  start(run);
  const waiting = [start(run), start(run), start(run)];
  await settle();
  stream.end(broken);
  await settle();
  for (const { outcome, on } of waiting) {
    expect(outcome).toMatchObject({ code: 'circuit_open', verdict: 'refused', sent: 'no', retryAfterMs: 10_000 });
    expect(on.events).toEqual([{ kind: 'circuit-refused', attempt: 1, upstream: 'main', retryAfterMs: 10_000 }]);
  }
  expect(next.calls).toHaveLength(1);
  expect(placesOf(ctx, 'main').inspect()).toMatchObject({ inUse: 0, queued: 0 });
  expect(ctx.clock.pending).toBe(0);
});

test('a call that was served in the moment the circuit opened is not sent either', async () => {
  const ctx = context();
  const stream = openReply();
  const next = script(stream.reply);
  const run = stackOf(ctx, next);
  start(run);
  const waiting = start(run);
  await settle();
  placesOf(ctx, 'main').limit({ concurrent: 2, queue: 10 });
  circuitsOf(ctx, 'main').force('open');
  await settle();
  expect(waiting.outcome).toMatchObject({ code: 'circuit_open' });
  expect(next.calls).toHaveLength(1);
  expect(placesOf(ctx, 'main').inspect()).toMatchObject({ inUse: 1 });
});

test('an operator who opens a circuit, and a restored one, empty the queue as well', async () => {
  for (const open of [
    (ctx: TestContext) => circuitsOf(ctx, 'main').force('open'),
    (ctx: TestContext) => {
      const elsewhere = context();
      circuitsOf(elsewhere, 'main').force('open');
      circuitsOf(ctx, 'main').restore(circuitsOf(elsewhere, 'main').export());
    },
  ]) {
    const ctx = context();
    const run = stackOf(ctx, script(openReply().reply));
    start(run);
    const waiting = start(run);
    await settle();
    open(ctx);
    await settle();
    expect(waiting.outcome).toMatchObject({ code: 'circuit_open' });
  }
});

test('a probe that waits for a place is refused when another probe fails', async () => {
  const ctx = context();
  circuitsOf(ctx, 'main').restore({ state: 'half-open', forced: null, openForMs: 0, reopened: 0, run: 0, why: 'test', models: {} });
  const answer = Promise.withResolvers<Outcome>();
  const run = stackOf(ctx, () => answer.promise);
  start(run);
  const waiting = start(run);
  await settle();
  expect(placesOf(ctx, 'main').inspect()).toMatchObject({ queued: 1 });
  answer.resolve(failure('upstream_unreachable', 'no'));
  await settle();
  expect(waiting.outcome).toMatchObject({ code: 'circuit_open' });
});

test('a breaker that only observes sends nobody away from the queue', async () => {
  const ctx = context();
  const stream = openReply();
  const next = script(stream.reply, openReply().reply);
  const run = stackOf(ctx, next, { observe: true });
  start(run);
  const waiting = start(run);
  await settle();
  stream.end(broken);
  await settle();
  expect(circuitsOf(ctx, 'main').worst).toBe('open');
  expect(waiting.outcome).toMatchObject({ kind: 'reply' });
});

test('calls of a policy set without a breaker wait on for the places that they share', async () => {
  const ctx = context();
  const stream = openReply();
  const guarded = stackOf(ctx, script(stream.reply));
  const plain = stack([createBulkhead(places, 'main', ctx)], script(openReply().reply));
  start(guarded);
  const waiting = start(plain);
  await settle();
  circuitsOf(ctx, 'main').force('open');
  await settle();
  expect(waiting.outcome).toBeUndefined();
  stream.end();
  await settle();
  expect(waiting.outcome).toMatchObject({ kind: 'reply' });
});

test('the circuit of one model empties the queue of that model alone', async () => {
  const ctx = context();
  const stream = openReply();
  const run = stackOf(ctx, script(stream.reply, openReply().reply), { per: 'model' }, ['large', 'small']);
  const to = (model: string) => exchange({ target: { upstream: 'main', model } });
  start(run, to('large'));
  const large = start(run, to('large'));
  const small = start(run, to('small'));
  await settle();
  stream.end(broken);
  await settle();
  expect(large.outcome).toMatchObject({ code: 'circuit_open' });
  expect(small.outcome).toMatchObject({ kind: 'reply' });
});

test('the circuit of the upstream empties the queue of every model', async () => {
  const ctx = context();
  const stream = openReply();
  const run = stackOf(ctx, script(stream.reply), { per: 'model' }, ['large']);
  start(run, exchange({ target: { upstream: 'main', model: 'unknown' } }));
  const waiting = start(run, exchange({ target: { upstream: 'main', model: 'large' } }));
  await settle();
  circuitsOf(ctx, 'main').force('open');
  await settle();
  expect(waiting.outcome).toMatchObject({ code: 'circuit_open' });
});
