import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import { failure } from '../../src/core/failure.ts';
import { createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { settings as breakerSettings } from './circuit-breaker-kit.ts';
import { ask, fallback, llmCall, spares, told } from './fallback-kit.ts';
import { body, context, dialect, exchange, hungUp, post } from './kit.ts';

const why = (call: ReturnType<typeof ask>) => call.noted('target-skipped').map(({ upstream, model, why }) => [upstream, model, why]);

describe('fallback skips and notes', () => {
  it('targets whose breaker is open', async () => {
    const ctx = context();
    circuitsOf(ctx, 'spare').force('open');
    const call = ask();
    const { run, asked } = fallback(spares, ['overloaded', 'ok'], { ctx });
    await run(call);

    expect(asked()).toEqual(['main', 'last/small']);
    expect(why(call)).toEqual([['spare', undefined, 'circuit open']]);
    expect(call.noted('fallback')).toMatchObject([{ from: 'main', to: 'last/small' }]);
  });

  it('models whose own breaker is open, by the name in the entry or in the request', async () => {
    const ctx = context();
    for (const upstream of ['spare', 'last']) {
      createCircuitBreaker(breakerSettings({ per: 'model' }), upstream, ctx, ['large', 'small']);
      circuitsOf(ctx, upstream).force('open', upstream === 'spare' ? 'large' : 'small');
    }
    const [asksLarge, asksOther] = [fallback(spares, ['overloaded'], { ctx }), fallback(spares, ['overloaded', 'ok'], { ctx })];
    await asksLarge.run(ask());
    await asksOther.run(ask({ model: 'other' }));

    expect(asksLarge.asked()).toEqual(['main']);
    expect(asksOther.asked()).toEqual(['main', 'spare']);
  });

  it('no target for a breaker that the policy set does not have', async () => {
    const ctx = context();
    circuitsOf(ctx, 'spare').force('open');
    const { run, asked } = fallback(spares, ['overloaded', 'ok'], { ctx, breaks: false });
    await run(ask());

    expect(asked()).toEqual(['main', 'spare']);
  });

  it('every target for a call that continues state of its upstream', async () => {
    const call = ask({ stateful: true });
    const { run, asked } = fallback(spares, ['overloaded']);

    expect(told(await run(call))).toBe('overloaded');
    expect(asked()).toEqual(['main']);
    expect(why(call)).toEqual([
      ['spare', undefined, 'server state'],
      ['last', 'small', 'server state'],
    ]);
  });

  it('every target for a request that must not be made twice', async () => {
    const call = exchange({ request: post() });
    const { run, asked } = fallback(spares, ['server-error']);
    await run(call);

    expect(asked()).toEqual(['main']);
    expect(why(call).map(([, , reason]) => reason)).toEqual(['not safe to repeat', 'not safe to repeat']);
  });

  it('no target for such a request where the upstream has seen nothing of it', async () => {
    const { run, asked } = fallback(spares, [failure('upstream_unreachable', 'refused'), 'ok']);
    await run(exchange({ request: post() }));

    expect(asked()).toEqual(['main', 'spare']);
  });

  it('every target once the body is gone', async () => {
    const call = exchange({ request: post({ call: () => llmCall, body: body('{}', false) }) });
    const { run, asked } = fallback(spares, ['overloaded']);
    await run(call);

    expect(asked()).toEqual(['main']);
    expect(why(call).map(([, , reason]) => reason)).toEqual(['body gone', 'body gone']);
  });

  it('targets of another wire format, but none whose format goes by the request', async () => {
    const foreign: Dialect = { ...dialect, name: 'anthropic' };
    const dialectOf = (upstream: string) => (upstream === 'spare' ? foreign : undefined);
    const call = ask();
    const { run, asked } = fallback(spares, ['overloaded', 'ok'], { dialectOf });
    await run(call);

    expect(asked()).toEqual(['main', 'last/small']);
    expect(why(call)).toEqual([['spare', undefined, 'other wire format']]);
  });

  it('targets whose model the request cannot be given exactly', async () => {
    const rigid: Dialect = { ...dialect, retarget: (request, { model }) => (model === undefined ? request : undefined) };
    const call = ask({}, { dialect: rigid });
    const { run, asked } = fallback([{ model: 'small' }, { upstream: 'spare' }], ['overloaded', 'ok']);
    await run(call);

    expect(asked()).toEqual(['main', 'spare']);
    expect(why(call)).toEqual([['main', 'small', 'model cannot be changed']]);
  });

  it('targets that were tried already, by whatever name', async () => {
    const call = ask();
    const entries = [
      { model: 'large' },
      { upstream: 'spare' },
      { upstream: 'spare', model: 'large' },
      { upstream: 'spare', model: 'small' },
    ];
    const { run, asked } = fallback(entries, ['overloaded', 'overloaded', 'ok']);
    await run(call);

    expect(asked()).toEqual(['main', 'spare', 'spare/small']);
    expect(why(call)).toEqual([
      ['main', 'large', 'tried already'],
      ['spare', 'large', 'tried already'],
    ]);
  });

  it('in observe mode as `would`', async () => {
    const call = ask({ stateful: true });
    await fallback([{ upstream: 'spare', observe: true }], ['overloaded']).run(call);

    expect(call.events).toMatchObject([{ kind: 'would', event: { kind: 'target-skipped', why: 'server state' } }]);
  });

  it.each([
    ['the agent leaves', hungUp],
    ['the agent is paused', { verdict: 'refused', code: 'agent_paused', message: 'by a person' }],
    ['the deadline passes', { verdict: 'timeout', code: 'deadline_exceeded', message: 'too long' }],
  ] as const)('nothing while the description still waits for an upload when %s, and tells that', async (_, reason) => {
    const call = exchange({ request: post({ call: () => new Promise(() => {}) }) });
    const { run, asked } = fallback(spares, [failure('circuit_open', 'open')]);
    const outcome = run(call);
    call.abort(reason);

    expect(told(await outcome)).toBe(reason.code);
    expect(asked()).toEqual(['main']);
    expect(call.events).toEqual([]);
  });

  it('nothing then, but the doubt whether the upstream has seen the call', async () => {
    const call = exchange({ request: post({ call: () => new Promise(() => {}) }) });
    const outcome = fallback(spares, [failure('upstream_timeout', 'no answer', { sent: 'maybe' })]).run(call);
    call.hangUp();

    expect(await outcome).toMatchObject({ code: 'cancelled', sent: 'maybe' });
  });
});
