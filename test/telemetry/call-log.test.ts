import { describe, expect, test } from 'vitest';
import { callOutcomes, type Event } from '../../src/core/event.ts';
import type { CallInfo } from '../../src/core/journal.ts';
import { createCallLog } from '../../src/telemetry/call-log.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { answered, attemptEnded, call, callEnded, committed } from './kit.ts';

/** What the log says of these events. */
async function told(events: readonly Event[], about: CallInfo | undefined = call(), access = false): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const { logger } = await createLog({ level: 'trace', format: 'json', access }, { write: (line) => lines.push(JSON.parse(line)) });
  const log = createCallLog({ logger, access: () => access });
  for (const event of events) log.on(event, about);
  return lines;
}

const usual: Event[] = [
  { kind: 'call-started', attempt: 0 },
  { kind: 'attempt-started', attempt: 1, upstream: 'openai' },
  { kind: 'bulkhead-waited', attempt: 1, upstream: 'openai', waitMs: 1 },
  answered('openai'),
  committed({ streamed: true }),
  attemptEnded('openai'),
];

describe('an exchange', () => {
  test('in which nothing happened is not told', async () => {
    expect(await told([...usual, callEnded('ok')])).toEqual([]);
    expect(await told([{ kind: 'cache', attempt: 0, result: 'hit' }, callEnded('cached')])).toEqual([]);
  });

  test('is told in one line where every exchange is asked for', async () => {
    const lines = await told([...usual, callEnded('ok', { ms: 41.7 })], call({ session: 's-1' }), true);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'info',
      msg: 'exchange',
      id: 'call-1',
      agent: 'planner',
      session: 's-1',
      method: 'POST',
      route: '/openai',
      upstream: 'openai',
      outcome: 'ok',
      status: 200,
      ms: 42,
      requestBytes: 10,
      responseBytes: 20,
      ledger: 'openai/gpt-5;verdict=ok;ms=12',
    });
    expect(lines[0]).not.toHaveProperty('happened');
  });

  test('that was retried is told in one line, at its end, with what happened', async () => {
    const retry: Event = { kind: 'retry', attempt: 1, upstream: 'openai', reason: 'overloaded', waitMs: 5, source: 'computed' };
    expect(await told([...usual, retry, retry])).toEqual([]);
    const lines = await told([...usual, retry, retry, callEnded('retried')]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'info', outcome: 'retried', happened: ['retry'] });
  });

  test.each(callOutcomes.filter((outcome) => outcome !== 'ok' && outcome !== 'cached'))('that ended as %s is told', async (outcome) => {
    expect(await told([...usual, callEnded(outcome)])).toMatchObject([{ outcome }]);
  });

  test('whose stream broke is a warning, although it was well at its commit', async () => {
    const broken: Event = { kind: 'stream-broken', attempt: 1, upstream: 'openai', verdict: 'network' };
    expect(await told([...usual, broken, callEnded('ok')])).toMatchObject([{ level: 'warn', happened: ['stream-broken'] }]);
  });

  test('in which a policy only observed is told as what would have been', async () => {
    const would: Event = { kind: 'would', attempt: 1, event: { kind: 'circuit-refused', attempt: 1, upstream: 'openai', retryAfterMs: 1 } };
    expect(await told([would, callEnded('ok')])).toMatchObject([{ happened: ['would circuit-refused'] }]);
    const lookUp: Event = { kind: 'would', attempt: 0, event: { kind: 'cache', attempt: 0, result: 'miss' } };
    expect(await told([lookUp, callEnded('ok')])).toEqual([]);
  });

  test('that was saved by a stored answer or a sentence is a warning', async () => {
    const stale: Event = { kind: 'cache', attempt: 0, result: 'stale', ageMs: 5 };
    expect(await told([...usual, stale, callEnded('cached')])).toMatchObject([
      { level: 'warn', outcome: 'cached', happened: ['cache stale'] },
    ]);
    const degraded: Event = { kind: 'degraded', attempt: 0, reason: 'overloaded', message: 'sentence' };
    expect(await told([...usual, degraded, callEnded('degraded')])).toMatchObject([{ level: 'warn', happened: ['degraded'] }]);
    const would: Event = { kind: 'would', attempt: 0, event: stale };
    expect(await told([...usual, would, callEnded('upstream-error')])).toMatchObject([{ happened: ['would cache stale'] }]);
  });

  test('does not take over what happened in another', async () => {
    const { logger } = await createLog(
      { level: 'trace', format: 'json', access: false },
      { write: (line) => lines.push(JSON.parse(line)) },
    );
    const lines: Record<string, unknown>[] = [];
    const log = createCallLog({ logger, access: () => false });
    const [one, other] = [call({ id: 'one' }), call({ id: 'other' })];
    log.on({ kind: 'socket-resent', attempt: 1, upstream: 'openai' }, one);
    log.on(callEnded('ok'), other);
    log.on(callEnded('ok'), one);
    expect(lines).toMatchObject([{ id: 'one', happened: ['socket-resent'] }]);
  });
});

describe('a line of its own', () => {
  test('tells that a circuit opened, as a warning, and that it closed', async () => {
    const change = { kind: 'circuit', attempt: 1, upstream: 'openai', why: '5 failures in a row' } as const;
    expect(
      await told([
        { ...change, from: 'closed', to: 'open' },
        { ...change, from: 'half-open', to: 'closed' },
      ]),
    ).toMatchObject([
      { level: 'warn', msg: 'circuit', upstream: 'openai', from: 'closed', to: 'open', why: '5 failures in a row', id: 'call-1' },
      { level: 'info', msg: 'circuit', to: 'closed' },
    ]);
  });

  test('tells whether a new configuration took effect', async () => {
    const reload = { kind: 'config-reloaded', attempt: 0, problems: 2 } as const;
    expect(
      await told(
        [
          { ...reload, result: 'rejected' },
          { ...reload, result: 'applied', problems: 0 },
        ],
        undefined,
      ),
    ).toMatchObject([
      { level: 'error', problems: 2 },
      { level: 'info', msg: 'configuration applied' },
    ]);
  });

  test('tells of an agent that was paused and resumed, and of a bug', async () => {
    const lines = await told([
      { kind: 'agent-paused', attempt: 0, agent: 'planner', reason: 'repeat' },
      { kind: 'agent-resumed', attempt: 0, agent: 'planner', note: 'looked at' },
      { kind: 'bug', attempt: 1, error: new Error('oops, Bearer canary') },
    ]);
    expect(lines).toMatchObject([{ level: 'warn', reason: 'repeat' }, { note: 'looked at' }, { level: 'error', err: { type: 'Error' } }]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });
});
