import { expect, it } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { LongCalls } from '../../src/telemetry/long-calls.ts';
import { call } from './kit.ts';

it('a call that lasts a minute has a line while it runs, one and no more, with its trace where it has one', async () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  const { logger } = await createLog({ level: 'info', format: 'json', access: false }, { write });
  const clock = new ManualClock();
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } as never;
  const calls = [call({ id: 'first', startedAt: 0 }), call({ id: 'second', startedAt: 7000, trace })];
  const long = new LongCalls({ calls: () => calls, clock, logger });
  const ids = () => lines.map(({ id }) => id);
  for (let seconds = 5; seconds < 60; seconds += 5) await clock.advance(5000);
  expect(ids()).toEqual([]);
  await clock.advance(5000);
  expect(ids()).toEqual(['first']);
  for (let i = 0; i < 100; i += 1) await clock.advance(5000);
  expect(ids()).toEqual(['first', 'second']);
  expect(lines[0]).toMatchObject({ msg: 'exchange under way', agent: 'planner', upstream: 'openai', ms: 60_000 });
  expect(lines[1]).toMatchObject({ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) });
  long.close();
  expect(clock.pending).toBe(0);
});
