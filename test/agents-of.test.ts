import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Pause } from '../src/agents/pauses.ts';
import { createAgents } from '../src/agents-of.ts';
import { systemClock } from '../src/core/clock.ts';
import { StateStore } from '../src/store/state-store.ts';
import { temporaryDirectory } from './kit/temporary-directory.ts';
import { startProcess } from './life/sidecar-process.ts';

const pause: Pause = { agent: 'planner', principal: '*', reason: 'lunch', by: 'person', sinceMs: 5 };
const other: Pause = { ...pause, agent: 'writer' };

async function started(directory: string) {
  const told: string[] = [];
  const store = new StateStore(join(directory, 'state.db'), systemClock, (trouble) => told.push(JSON.stringify(trouble)));
  onTestFinished(() => store.close());
  const onError = (_: unknown, what: string) => told.push(what);
  const { agents } = await createAgents({ directory, sessions: 10, store, onError });
  return { store, agents, pauses: agents.pauses, told };
}

test('pauses are known at the next start, and those that were ended are not', async () => {
  const directory = temporaryDirectory();
  const first = await started(directory);
  expect(first.pauses.add(pause) && first.pauses.add(other) && first.pauses.remove(other)).toBe(true);
  expect(await first.pauses.stored()).toBe(true);
  await first.store.close();
  const second = await started(directory);
  expect([second.pauses.all(), second.told]).toEqual([[pause], []]);
});

test('from what an agent was let go on is known at the next start, with the note that its model has not got', async () => {
  const directory = temporaryDirectory();
  const first = await started(directory);
  const evidence = { kind: 'repeat', count: 4, tool: 'shell', firstRound: 1, lastRound: 4, fingerprint: 'a b' } as const;
  first.pauses.add({ ...pause, evidence });
  expect(first.agents.resume({ ...pause, evidence }, 'look here', 5)).toBe(true);
  expect(await first.pauses.stored()).toBe(true);
  await first.store.put('release', 'x', { agent: 7 });
  await first.store.close();
  const { agents, told } = await started(directory);
  expect([agents.releaseOf('planner', 'any').loops, told]).toEqual([new Set(['a b']), ['from what an agent was let go on cannot be read']]);
  expect(agents.takeNote('planner', 'any')?.text).toBe('look here');
});

test('a pause holds where it cannot be kept, and that is told', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'file'), '');
  const { pauses, told } = await started(join(directory, 'file'));
  pauses.add(pause);
  expect([pauses.of('planner', 'x'), await pauses.stored()]).toEqual([pause, false]);
  await expect.poll(() => told.at(-1)).toContain('in memory alone');
});

test('a file of an earlier version is taken over once, and goes', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'pauses.json');
  writeFileSync(file, JSON.stringify({ version: 1, pauses: [pause, other] }));
  const first = await started(directory);
  expect([first.pauses.all(), existsSync(file), first.told]).toEqual([[pause, other], false, []]);
  first.pauses.remove(other);
  await first.pauses.stored();
  await first.store.close();
  expect((await started(directory)).pauses.all()).toEqual([pause]);
});

test('a file of an earlier version stays where its pauses cannot be kept, or cannot be read', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'pauses.json');
  writeFileSync(file, JSON.stringify({ version: 1, pauses: [pause] }));
  // No file can be where a directory is.
  mkdirSync(join(directory, 'state.db'));
  const { pauses, told } = await started(directory);
  expect([pauses.all(), existsSync(file)]).toEqual([[pause], true]);
  expect(told.length).toBeGreaterThan(0);

  const unreadable = temporaryDirectory();
  writeFileSync(join(unreadable, 'pauses.json'), '{"version":1,');
  const second = await started(unreadable);
  expect([second.pauses.all(), second.told]).toEqual([[], ['the pauses of an earlier version cannot be taken over']]);
  expect(readFileSync(join(unreadable, 'pauses.json'), 'utf8')).toBe('{"version":1,');
});

test('a record that is no pause is told of and left alone', async () => {
  const directory = temporaryDirectory();
  const { store } = await started(directory);
  await store.put('pause', 'x', { agent: 7 });
  await store.close();
  const { pauses, told } = await started(directory);
  expect([pauses.all(), told]).toEqual([[], ['a pause of before cannot be read']]);
});

test('a pause that was answered with 200 outlives a kill, and is in force with the first call after it', async () => {
  const config = {
    state: { dir: temporaryDirectory() },
    upstreams: { demo: { url: 'simulated:', dialect: 'openai' } },
    routes: [{ path: '/', upstream: 'demo' }],
  };
  const headers = { 'content-type': 'application/json', 'x-outrigger-agent': 'planner' };
  const say = async (proxy: string) => {
    const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
    return (await fetch(`${proxy}/v1/chat/completions`, { method: 'POST', headers, body })).status;
  };
  const order = async (admin: string, what: string, body: object) => {
    const answer = await fetch(`${admin}/api/agents/planner/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return [answer.status, ((await answer.json()) as { stored: boolean }).stored];
  };
  const running = async () => {
    const { child, exited, ...one } = await startProcess(config);
    const kill = () => {
      child.kill('SIGKILL');
      return exited;
    };
    return { ...one, kill };
  };
  const first = await running();
  expect(await order(first.admin, 'pause', { reason: 'lunch' })).toEqual([200, true]);
  expect(await first.kill()).toBe('SIGKILL');
  const second = await running();
  expect(await say(second.proxy)).toBe(423);
  expect(await order(second.admin, 'resume', {})).toEqual([200, true]);
  await second.kill();
  expect(await say((await running()).proxy)).toBe(200);
}, 30_000);
