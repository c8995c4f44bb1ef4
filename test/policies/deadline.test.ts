import { describe, expect, it } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { createDeadline } from '../../src/policies/deadline.ts';
import { context, exchange, hanging, hungUp, openReply, script, wholeReply } from './kit.ts';

describe('deadline', () => {
  it('tells the inner policies when it ends, on the scale of the clock', async () => {
    const given = context();
    await given.clock.advance(250);
    const inner = script(wholeReply());

    await createDeadline(1000, given).run(exchange(), inner);

    expect(inner.calls[0]?.deadline).toBe(1250);
  });

  it('never moves an earlier deadline back', async () => {
    const inner = script(wholeReply());

    await createDeadline(1000, context()).run(exchange({ deadline: 400 }), inner);

    expect(inner.calls[0]?.deadline).toBe(400);
  });

  it('aborts what is under way when it has passed, and not before', async () => {
    const given = context();
    const call = exchange();
    const inner = script(hanging);
    const outcome = createDeadline(1000, given).run(call, inner);

    await given.clock.advance(999);
    expect(inner.calls[0]?.signal.aborted).toBe(false);
    await given.clock.advance(1);

    expect(await outcome).toMatchObject({ code: 'deadline_exceeded', verdict: 'timeout', phase: 'deadline', sent: 'maybe' });
    expect(call.noted('timeout')).toEqual([{ kind: 'timeout', attempt: 0, upstream: 'main', phase: 'deadline', afterMs: 1000 }]);
  });

  it('tells a failure that its abort brought about as its own', async () => {
    const given = context();
    const torn = failure('cancelled', 'the request was aborted', { sent: 'maybe' });
    const inner = script(async (call) => {
      await hanging(call);
      return torn;
    });
    const outcome = createDeadline(1000, given).run(exchange(), inner);
    await given.clock.advance(1000);

    expect(await outcome).toMatchObject({ code: 'deadline_exceeded', verdict: 'timeout', phase: 'deadline', sent: 'maybe', cause: torn });
  });

  it('says how long the call may take', async () => {
    const { clock } = context();
    const outcome = createDeadline(1500, { clock }).run(exchange(), hanging);
    await clock.advance(1500);
    expect(await outcome).toMatchObject({ message: 'the call, retries and waits included, took longer than 1500 ms' });
  });

  it('leaves a failure that says so already as it is', async () => {
    const { clock } = context();
    const late = failure('deadline_exceeded', 'the queue was too long', { phase: 'deadline', sent: 'no' });
    const outcome = createDeadline(1000, { clock }).run(exchange(), async (inner) => {
      await hanging(inner);
      return late;
    });
    await clock.advance(1000);
    expect(await outcome).toBe(late);
  });

  it('passes on an upstream reply that the inner policies still have when it has passed', async () => {
    const given = context();
    const kept = wholeReply({ verdict: 'overloaded', status: 503 });
    const inner = script(async (call) => {
      await hanging(call);
      return kept;
    });
    const outcome = createDeadline(1000, given).run(exchange(), inner);
    await given.clock.advance(1000);

    expect(await outcome).toBe(kept);
  });

  it('leaves a failure before it as it is', async () => {
    const refusal = failure('circuit_open', 'the circuit is open');

    expect(await createDeadline(1000, context()).run(exchange(), script(refusal))).toBe(refusal);
  });

  it('hands on why the agent went away, and claims nothing for itself', async () => {
    const given = context();
    const call = exchange();
    const inner = script(hanging);
    const outcome = createDeadline(1000, given).run(call, inner);
    call.hangUp();

    expect(await outcome).toMatchObject({ code: 'cancelled', verdict: 'cancelled' });
    expect(inner.calls[0]?.signal.reason).toBe(hungUp);
    await given.clock.advance(2000);
    expect(call.events).toEqual([]);
  });

  it('does not pass any more once the agent has left, however long the rest takes to stop', async () => {
    const given = context();
    const call = exchange();
    const stopped = Promise.withResolvers<Outcome>();
    const outcome = createDeadline(1000, given).run(call, () => stopped.promise);
    call.hangUp();
    await given.clock.advance(2000);
    const end = failure('cancelled', 'the upload has stopped');
    stopped.resolve(end);

    expect(await outcome).toBe(end);
    expect(call.events).toEqual([]);
  });

  it('sees at once that the agent was gone before it began', async () => {
    const given = context();
    const call = exchange();
    call.hangUp();

    expect(await createDeadline(1000, given).run(call, script(hanging))).toMatchObject({ code: 'cancelled' });
    expect(given.clock.pending).toBe(0);
  });

  it('ends at commit: a stream that goes on is neither cut nor watched', async () => {
    const given = context();
    const call = exchange();
    const stream = openReply();
    const inner = script(stream.reply);

    expect(await createDeadline(1000, given).run(call, inner)).toBe(stream.reply);
    expect(given.clock.pending).toBe(0);
    await given.clock.advance(5000);
    call.hangUp();

    expect(inner.calls[0]?.signal.aborted).toBe(false);
    expect(call.events).toEqual([]);
  });

  it('leaves no timer behind when a policy below it throws', async () => {
    const given = context();

    await expect(createDeadline(1000, given).run(exchange(), () => Promise.reject(new Error('bug')))).rejects.toThrow('bug');
    expect(given.clock.pending).toBe(0);
  });

  it('is not moved by a jump of the wall clock', async () => {
    const given = context();
    let settled: Outcome | undefined;
    const pending = createDeadline(1000, given)
      .run(exchange(), script(hanging))
      .then((outcome) => {
        settled = outcome;
      });
    given.clock.jumpWall(3_600_000);
    await given.clock.advance(999);
    expect(settled).toBeUndefined();
    given.clock.jumpWall(-7_200_000);
    await given.clock.advance(1);
    await pending;

    expect(settled).toMatchObject({ code: 'deadline_exceeded' });
  });
});
