import { expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { answered, attemptEnded, call, callEnded, committed, metricsFor, samples, total } from './kit.ts';

const started: Event = { kind: 'call-started', attempt: 0 };

/** A process that serves calls, and what it tells. */
function process() {
  const metrics = metricsFor();
  const deltas = metrics.deltas();
  return {
    serve(agent: string, more: readonly Event[] = [callEnded('ok')]) {
      const about = call({ agent: { name: agent, source: 'header' } });
      for (const event of [started, answered('openai', { model: 'gpt-5' }), committed(), attemptEnded('openai'), ...more]) {
        metrics.subscriber.on(event, about);
      }
    },
    // As it comes over a channel between processes.
    tell: () => structuredClone(deltas.take()),
  };
}

const requests = 'outrigger_requests_total{upstream="openai",route="/openai",outcome="ok"}';

test('two processes add up to what one would have counted', async () => {
  const [one, other, alone] = [process(), process(), metricsFor()];
  one.serve('planner');
  other.serve('planner');
  other.serve('coder');
  const sum = metricsFor();
  const added = sum.added();
  added.add(1, one.tell());
  added.add(2, other.tell());
  for (const agent of ['planner', 'planner', 'coder']) {
    const about = call({ agent: { name: agent, source: 'header' } });
    for (const event of [started, answered('openai', { model: 'gpt-5' }), committed(), attemptEnded('openai'), callEnded('ok')]) {
      alone.subscriber.on(event, about);
    }
  }
  const own = (text: string) => new Map([...samples(text)].filter(([name]) => name.startsWith('outrigger_')));
  const [found, expected] = [own(await sum.text()), own(await alone.text())];
  expect(found.get(requests)).toBe(3);
  for (const [name, value] of expected) expect(found.get(name), name).toBeCloseTo(value, 9);
});

test('what was told once is not told again', () => {
  const one = process();
  one.serve('planner');
  expect(one.tell().length).toBeGreaterThan(0);
  expect(one.tell()).toEqual([]);
  one.serve('planner');
  expect(one.tell()).toContainEqual(['outrigger_requests_total', ['openai', '/openai', 'ok'], 1]);
});

test('of a process that is gone the counts stay, and what it had under way is over', async () => {
  const one = process();
  one.serve('planner');
  one.serve('planner', []);
  const sum = metricsFor();
  const added = sum.added();
  added.add(1, one.tell());
  expect(total(await sum.text(), 'outrigger_inflight_requests')).toBe(1);
  added.forget(1);
  const text = await sum.text();
  expect(total(text, 'outrigger_inflight_requests')).toBe(0);
  expect(samples(text).get(requests)).toBe(1);
});

test('the names that callers choose stay bounded over all processes', async () => {
  const sum = metricsFor({ bounds: { agents: 3, models: 40, tools: 60 } });
  const added = sum.added();
  for (const [source, names] of [
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f'],
  ].entries()) {
    const one = process();
    for (const name of names) one.serve(name);
    added.add(source, one.tell());
  }
  const agents = [...samples(await sum.text()).keys()].filter((name) => /^outrigger_agent_requests_total.*outcome="ok"/.test(name));
  expect(agents).toHaveLength(4);
  expect(agents.join()).toContain('agent="other"');
});
