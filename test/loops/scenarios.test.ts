import { describe, expect, test } from 'vitest';
import { clients, type Step, step, type TestAgent } from './agents.ts';
import { loopsOf, model, resume, urlOf, watched } from './kit.ts';

/** Takes one step a request until it is refused; how many were taken, and how that ended. */
async function run(agent: TestAgent, steps: readonly (Step | readonly Step[])[]): Promise<{ taken: number; ended: 'ok' | number }> {
  for (const [at, one] of steps.entries()) {
    const ended = await agent.take(...[one].flat());
    if (ended !== 'ok') return { taken: at + 1, ended };
  }
  return { taken: steps.length, ended: 'ok' };
}

const times = (count: number, make: (at: number) => Step | Step[]) => Array.from({ length: count }, (_, at) => make(at));
const [a, b, c] = [step({ command: 'ls' }, 'one\ntwo'), step({ command: 'pwd' }, '/work'), step({ command: 'id' }, 'root')];
const cycleOf = (...steps: Step[]) => times(20, (at) => steps[at % steps.length]!);
const failed = 'Error: no such table: users';
const page = (at: number) => `${Array.from({ length: 30 }, (_, word) => `word${at}x${word}`).join(' ')}`;

/** What goes in circles, with the round at which the agent is paused, and what is told of it. */
const fires: [name: string, steps: (Step | Step[])[], pausedAt: number, told: Record<string, number>][] = [
  ['the same call with the same result', times(9, () => a), 4, { 'repeat warn': 1, 'repeat pause': 1 }],
  ['the same call with the same error', times(9, () => step({ command: 'x' }, failed)), 4, { 'repeat warn': 1, 'repeat pause': 1 }],
  ['two calls in turn with equal results', cycleOf(a, b), 6, { 'cycle warn': 1, 'cycle pause': 1 }],
  ['three calls in turn with equal results', cycleOf(a, b, c), 9, { 'cycle warn': 1, 'cycle pause': 1 }],
  [
    'the same error whatever the arguments',
    times(9, (at) => step({ command: `x${at}` }, failed)),
    5,
    { 'error warn': 1, 'error pause': 1 },
  ],
  [
    'arguments with other orders of keys and other white space',
    times(9, (at) => step(at % 2 ? '{"a":1, "b":"x"}' : '{ "b": "x", "a": 1 }', 'same')),
    4,
    { 'repeat warn': 1, 'repeat pause': 1 },
  ],
  [
    'thoughts that differ while the action stays',
    times(9, (at) => ({ ...a, thought: `Let me think, attempt ${'abcdefghi'[at]}` })),
    4,
    { 'repeat warn': 1, 'repeat pause': 1 },
  ],
  [
    'results that differ in times and ids alone',
    times(9, (at) =>
      step({ command: 'date' }, `2026-11-2${at}T10:00:0${at}Z request 0000000${at}-0000-4000-8000-000000000000 took ${at} ms`),
    ),
    4,
    { 'repeat warn': 1, 'repeat pause': 1 },
  ],
  [
    'results that hardly differ',
    times(9, (at) => step({ command: 'edit' }, `line ${at * 18}: ${'the file has a syntax problem near the end of the block '.repeat(3)}`)),
    5,
    { 'near-repeat warn': 1, 'near-repeat pause': 1 },
  ],
];

/** What is work, though it looks alike. */
const silent: [name: string, steps: (Step | Step[])[]][] = [
  ['a poll whose output changes', times(12, (at) => step({ command: 'job' }, `${page(at)}`, { tool: 'get_status' }))],
  ['a poll that waits for ten rounds', times(9, () => step({ id: 1 }, 'pending', { tool: 'get_status' }))],
  ['paging through different bytes', times(12, (at) => step({ command: 'next' }, page(at)))],
  [
    'an edit, the same test, another failure',
    times(12, (at) => (at % 2 ? step({ command: 'npm test' }, `fails: ${page(at)}`) : step({ at }, 'ok', { tool: 'edit_file' }))),
  ],
  ['one tool over different files', times(12, (at) => step({ path: `f${at}` }, page(at), { tool: 'read_file' }))],
  ['the same call side by side in one round', times(3, () => [a, a, a])],
];

/** A command names no tool that could be known for a poll. */
const silentFor = (client: string) => silent.filter(([name]) => client !== 'commands in blocks of code' || !name.includes('waits for ten'));

describe.each(clients)('%s', (client, dialect, agentAt) => {
  test.each(fires)('%s pauses the agent', async (_name, steps, pausedAt, told) => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    expect(await run(agentAt(urlOf(product)), steps)).toEqual({ taken: pausedAt, ended: 423 });
    expect(await loopsOf(product)).toEqual(told);
  });

  test.each(silentFor(client))('%s is never acted on', async (name, steps) => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    expect(await run(agentAt(urlOf(product)), steps)).toEqual({ taken: steps.length, ended: 'ok' });
    expect(Object.keys(await loopsOf(product)).filter((told) => told.endsWith('pause'))).toEqual([]);
    if (!name.startsWith('the same call side by side')) expect(await loopsOf(product)).toEqual({});
  });

  test('three identical calls and then another are told and let go', async () => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    const agent = agentAt(urlOf(product));
    expect(await run(agent, [a, a, a, b, step({ command: 'who' }, 'me')])).toEqual({ taken: 5, ended: 'ok' });
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 1 });
  });

  test('after a resume and a message of the user, the loop in the history does not pause the agent again', async () => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    const agent = agentAt(urlOf(product), { headers: { 'x-outrigger-agent': 'planner' } });
    await run(agent, [a, a, a, a]);
    expect(await agent.say('Try pwd instead.')).toBe(423);
    expect(await resume(product, 'planner')).toBe(200);
    expect(await agent.say('Go on, please.')).toBe('ok');
    expect(await agent.take(b)).toBe('ok');
    // Given half of the rounds: the loop that was let go on once is told at two and acted on at two.
    expect(await run(agent, [a, a, a])).toEqual({ taken: 2, ended: 423 });
  });

  test('after a resume without a word, the same request passes, and the same loop pauses at once', async () => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    const agent = agentAt(urlOf(product), { headers: { 'x-outrigger-agent': 'planner' } });
    await run(agent, [a, a, a, a]);
    await resume(product, 'planner');
    expect(await run(agent, [a, a, a])).toEqual({ taken: 2, ended: 423 });
  });

  test('a loop behind long work pauses the agent at the same round, and not again after a resume and a message', async () => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    const agent = agentAt(urlOf(product), { headers: { 'x-outrigger-agent': 'planner' } });
    const work = times(12, (at) => step({ path: `f${at}` }, `${page(at)} `.repeat(8), { tool: 'read_file' }));
    expect(await run(agent, [...work, a, a, a, a, a])).toEqual({ taken: 16, ended: 423 });
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 1, 'repeat pause': 1 });
    await resume(product, 'planner');
    expect(await agent.say('Go on, please.')).toBe('ok');
    expect(await run(agent, [b, a, a])).toEqual({ taken: 3, ended: 423 });
  });

  test('a new message of the user clears what was before it', async () => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    const agent = agentAt(urlOf(product));
    for (const word of ['one', 'two', 'three']) {
      expect(await run(agent, [a, a])).toEqual({ taken: 2, ended: 'ok' });
      expect(await agent.say(word)).toBe('ok');
    }
    expect(await loopsOf(product)).toEqual({});
  });

  test('the same prompt in two sessions is two conversations', async () => {
    const product = await watched((await model()).url, dialect, { action: 'pause' });
    const agents = ['s1', 's2'].map((session) => agentAt(urlOf(product), { headers: { 'x-outrigger-session': session } }));
    for (let round = 0; round < 2; round += 1) for (const agent of agents) expect(await agent.take(a)).toBe('ok');
    expect(await loopsOf(product)).toEqual({});
  });
});
