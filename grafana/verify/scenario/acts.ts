import { setTimeout as sleep } from 'node:timers/promises';
import type OpenAI from 'openai';
import type { Callers } from './callers.ts';

const agents = ['planner', 'coder', 'researcher', 'support'] as const;

/** What people do to the sidecar of the scenario. */
export interface People {
  /** Writes a configuration that is right. */
  change(): void;
  /** Writes one that is wrong. */
  spoil(): void;
  pause(agent: string): Promise<void>;
  resume(agent: string): Promise<void>;
}

/** An agent that works for so long as the signal allows, with nothing wrong. */
export async function workQuietly(callers: Callers, signal: AbortSignal): Promise<void> {
  const work = async (agent: (typeof agents)[number], pauseMs: number) => {
    for (let round = 0; !signal.aborted; round += 1) {
      await Promise.all([
        callers.chat(agent, `step ${round}`, { stream: round % 2 === 0 }),
        round % 3 === 0 ? callers.message(agent, `step ${round}`, round % 2 === 0) : undefined,
        round % 4 === 1 ? callers.chat(agent, `step ${round}`, { upstream: 'spare', model: 'llama-4', stream: true }) : undefined,
        round % 4 === 3 ? callers.chat(agent, `step ${round}`, { upstream: 'local', model: 'gpt-5-nano' }) : undefined,
        callers.search(agent, `topic ${round % 5}`),
      ]);
      await sleep(pauseMs);
    }
  };
  await Promise.all(agents.map((agent, index) => work(agent, 150 + 70 * index)));
}

/** Everything that can go wrong and that a policy is there for, some of it at the same time. Takes about half a minute. */
export async function letThingsGoWrong(callers: Callers, people: People): Promise<void> {
  await Promise.all([
    failuresOfAProvider(callers),
    circuitsAndPlaces(callers),
    loops(callers, people),
    faultsAndTools(callers),
    cache(callers),
    reload(people),
  ]);
}

async function failuresOfAProvider(callers: Callers): Promise<void> {
  const primary = 'at openai/gpt-5';
  for (let round = 0; round < 3; round += 1) {
    const id = (name: string) => `#${name}${round}`;
    await Promise.all([
      callers.chat('planner', `[do busy 1 ${id('a')}]`),
      callers.chat('coder', `[do limited 1 ${id('b')}]`),
      callers.chat('coder', `[do broken 2 ${id('c')}]`),
      callers.chat('researcher', `[do reset 1 ${id('d')}]`),
      callers.chat('planner', `[do prose 1 ${id('e')}]`, { json: true }),
      callers.chat('support', '[do wrong]'),
    ]);
    await Promise.all([
      callers.chat('planner', `[do busy ${primary}]`, { stream: true }),
      callers.chat('coder', `[do quota ${primary}]`),
      callers.chat('researcher', '[do busy]'),
      callers.chat('support', '[do hang]', { stream: true }),
      callers.chat('support', `[do hang ${primary}]`),
    ]);
    await Promise.all([
      callers.chat('planner', '[do cut]', { stream: true }),
      callers.chat('coder', '[do stall]', { stream: true }),
      callers.chat('researcher', 'leave soon', { stream: true, leaveAfter: 5 }),
      callers.chat('researcher', '[do uncounted]', { stream: true }),
      callers.chat('support', 'what does this cost', { model: 'mystery-1' }),
      callers.chat(
        'coder',
        toolRounds(`[do too-long 1 ${id('f')}]`, 6, (step) => `step ${step}`),
      ),
    ]);
    for (let i = 0; i < 4; i += 1) await callers.chat('coder', '[do drop-kept]', { upstream: 'spare', model: 'llama-4' });
    await callers.realtime('support', 6, 2500);
  }
}

async function circuitsAndPlaces(callers: Callers): Promise<void> {
  const azure = { upstream: 'azure', model: 'gpt-5' } as const;
  const local = { upstream: 'local', model: 'gpt-5-nano' } as const;
  for (let round = 0; round < 3; round += 1) {
    for (let i = 0; i < 6; i += 1) await callers.chat('support', '[do broken]', azure);
    // The next target of these is the one whose circuit has just opened.
    await Promise.all(Array.from({ length: 10 }, (_, i) => callers.chat('researcher', `[do slow] ${i}`, local)));
    await Promise.all(Array.from({ length: 8 }, (_, i) => callers.chat('researcher', `[do slow] ${i}`, local)));
    await sleep(3500);
    // Not often enough in a row for the circuit.
    for (let i = 0; i < 12; i += 1) {
      await callers.chat('support', i % 3 === 2 ? '[do broken]' : 'better now', azure);
      await sleep(150);
    }
  }
}

async function loops(callers: Callers, people: People): Promise<void> {
  for (const agent of ['looper', 'circler']) {
    for (let length = 1; length <= 6; length += 1) {
      await callers.chat(
        agent,
        toolRounds('Clean up the folder.', length, () => 'ls'),
      );
      await sleep(100);
    }
  }
  await people.pause('visitor');
  await sleep(5000);
  await callers.chat('visitor', 'may I?');
  await people.resume('visitor');
  await people.resume('circler');
  for (let i = 0; i < 2; i += 1) await callers.chat('coder', '[do circle]', { stream: true });
}

async function faultsAndTools(callers: Callers): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    await Promise.all([
      callers.chat('planner', `drill ${round}`, { upstream: 'drill' }),
      callers.chat('planner', `drill ${round}`, { upstream: 'drill', stream: true }),
      callers.tools('researcher'),
      callers.chat(`visitor-${round}`, 'just once'),
    ]);
    await sleep(700);
  }
}

async function cache(callers: Callers): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    for (let i = 0; i < 12; i += 1) await callers.search('researcher', `subject ${round} ${i}`);
    await callers.search('researcher', 'news', { 'cache-control': 'no-cache' });
    for (let i = 0; i < 3; i += 1) await callers.chat('support', 'What is a sidecar?', { upstream: 'faq' });
    // Kept while it was good, and asked for again when it is stale and the search is broken.
    await callers.search('coder', '[do broken but 1 #weather]');
    await sleep(2500);
  }
}

async function reload(people: People): Promise<void> {
  await sleep(4000);
  people.change();
  await sleep(4000);
  people.spoil();
  await sleep(4000);
  people.change();
}

/** A conversation in which a tool was called so many times. */
function toolRounds(task: string, rounds: number, command: (step: number) => string): OpenAI.ChatCompletionMessageParam[] {
  return [
    { role: 'system', content: 'You are an agent.' },
    { role: 'user', content: task },
    ...Array.from({ length: rounds }, (_, step): OpenAI.ChatCompletionMessageParam[] => {
      const id = `call_${step}`;
      const call = { name: 'shell', arguments: JSON.stringify({ command: command(step) }) };
      return [
        { role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: call }] },
        { role: 'tool', tool_call_id: id, content: 'nothing' },
      ];
    }).flat(),
  ];
}
