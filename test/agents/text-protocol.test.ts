import { describe, expect, test } from 'vitest';
import { noRounds, readRounds } from '../../src/agents/loops/round-reader.ts';
import type { Turn } from '../../src/core/conversation.ts';
import { read, round, rules, says, user } from './kit.ts';

const textRounds = (turns: readonly Turn[]) => readRounds(noRounds, turns, false, rules(), 0).rounds;

describe('an agent whose protocol is text', () => {
  test('acts in its code block, whatever it thinks, and the user’s message is the result', () => {
    const turns = ['I think', 'Now I believe'].flatMap((thought) => [says(`${thought} so.\n\`\`\`bash\nls -l\n\`\`\``), user('total 0')]);
    const [one, two] = textRounds([user('Do it.'), ...turns]);
    expect([one?.action, one?.result]).toEqual([two?.action, two?.result]);
    expect(one?.tools).toBe('text');
  });

  test('acts in the block, whatever words stand in it', () => {
    const write = (file: string) => says(`\`\`\`\ncat ${file}\ncommand ls\n\`\`\``);
    const [one, two] = textRounds([write('a'), user('nothing'), write('b'), user('nothing')]);
    expect(one?.action).not.toBe(two?.action);
  });

  test('acts behind a word for it, too', () => {
    const [one, two] = textRounds([
      says('Thought: a\nAction: look[x]'),
      user('nothing'),
      says('Thought: b\nAction: look[x]'),
      user('nothing'),
    ]);
    expect(one?.action).toBe(two?.action);
  });

  test.each([
    ['the input on the line behind it', (input: string) => `Thought: hm\nAction: search\nAction Input: ${input}\nObservation:`, 'search'],
    ['both in a block', (input: string) => `Thought: hm\nAction:\n\`\`\`json\n{"action": "search", "in": "${input}"}\n\`\`\``, 'text'],
    ['a call', (input: string) => `Action: search[${input}]`, 'text'],
  ])('acts otherwise where only what it acts with differs: %s', (_, write, tool) => {
    const turns = ['cats', 'dogs', 'cats'].flatMap((input) => [says(write(input)), user('Observation: nothing')]);
    const [one, two, three] = textRounds(turns);
    expect([one?.tools, one?.action === two?.action, one?.action === three?.action]).toEqual([tool, false, true]);
  });

  test('acts the same whatever it thinks behind its action, and in whatever order its arguments stand', () => {
    const write = (input: string, thought: string) => says(`Action: look\nAction Input: ${input}\nThought: ${thought}`);
    const [one, two] = textRounds([write('{"a": 1, "b": 2}', 'x'), user('nothing'), write('{"b":2,"a":1}', 'y'), user('nothing')]);
    expect(one?.action).toBe(two?.action);
  });

  test('has results without the word for them', () => {
    const [one, two] = textRounds([says('Action: look'), user('Observation: Error: no'), says('Action: look'), user('Observation:\n')]);
    expect([one?.error, one?.empty, two?.error, two?.empty]).toEqual([true, false, false, true]);
  });

  test('has tools whose names tell what they do', () => {
    const act = (tool: string) => [says(`Action: ${tool}\nAction Input: x`), user('ok')];
    const [poll, edit, look] = textRounds([...act('get_status'), ...act('edit_file'), ...act('look')]);
    expect([poll?.polling, edit?.mutating, look?.polling, look?.mutating]).toEqual([true, true, false, false]);
  });

  test('is none where there are tools: then the user’s words are news', () => {
    expect(read([says('```\nls\n```'), user('total 0'), says('```\nls\n```'), user('total 1')]).rounds).toEqual([]);
  });
});

test('equal calls side by side are one, and others make another round', () => {
  const beside = (...actions: string[]): Turn[] => [
    says('', ...actions.map((command, at) => ({ id: `c${at}`, tool: 'shell', arguments: { command } }))),
    ...actions.map((_, at): Turn => ({ kind: 'result', call: `c${at}`, text: 'x', error: false })),
  ];
  const [one, two, three] = read([...beside('a', 'b'), ...beside('b', 'a'), ...beside('a')]).rounds;
  expect(one?.action).toBe(two?.action);
  expect(one?.action).not.toBe(three?.action);
});

test('tools that are exempt leave no round, and ignored arguments do not count', () => {
  expect(read(round('c', 'ls', 'x'), { exemptTools: ['shell'] }).rounds).toEqual([]);
  const [one, two] = read([...round('c', 'a', 'x'), ...round('d', 'b', 'x')], { ignoredArguments: ['command'] }).rounds;
  expect(one?.action).toBe(two?.action);
});

test('the same words again are a monologue, until the user says something new', () => {
  const turns = [
    user('Do it.'),
    says('I am done.'),
    user('Go on.'),
    says('I am done.'),
    user('Go on.'),
    says('I am done.'),
    user('Go on.'),
  ];
  expect(read(turns).rounds.map(({ tools }) => tools)).toEqual(['', '']);
  expect(read([...turns, user('Something else.')]).rounds).toEqual([]);
});
