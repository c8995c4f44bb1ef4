import { describe, expect, it } from 'vitest';
import { valid, warningLines } from './load-text.ts';

const config = (loops: string, { dialect = 'openai', agents = '{}' } = {}) =>
  [
    `upstreams: { a: { url: http://127.0.0.1:9, dialect: ${dialect} } }`,
    'routes: [ { path: /a, upstream: a, policy: p } ]',
    `policies: { p: { loopDetection: ${loops} } }`,
    `agents: ${agents}`,
    '',
  ].join('\n');
const warningsOf = (...given: Parameters<typeof config>) =>
  warningLines(valid(config(...given))).map((line) => line.replace(/^policies\.p\.loopDetection\./, ''));

describe('settings of loop detection', () => {
  it.each([
    ['{}', {}],
    ['{ action: pause, kinds: { repeat: { warn: 2, act: 5 }, poll: { act: 64 } }, caps: { rounds: 1, wallTime: 1s }, stream: abort }', {}],
    ['{ action: nudge, kinds: { cycle: { warn: 3, act: 32 }, interleaved: { warn: 32 }, storm: { warn: 64 } } }', {}],
    ['{ action: pause, caps: { rounds: 9, wallTime: 1h }, pollTools: [a], exemptTools: [b] }', { dialect: 'mcp' }],
    ['{ action: nudge, stream: abort, caps: { tokens: 9 } }', { dialect: 'auto' }],
  ])('that do what they say are warned of by nothing: %s', (loops, more) => {
    expect(warningsOf(loops, more)).toEqual([]);
  });

  it.each([
    ['{ action: pause, kinds: { error: { warn: 6 } } }', 'kinds.error.warn: is never reached: act comes first, at 5'],
    ['{ action: pause, kinds: { error: { warn: 5 } } }', 'kinds.error.warn: is never reached: act comes first, at 5'],
    ['{ kinds: { error: { warn: 6, act: 4 } } }', 'kinds.error.warn: is never reached: act comes first, at 4'],
    ['{ kinds: { error: { act: 4 } } }', 'kinds.error.act: does nothing: action is warn, and the loop was told of before'],
    [
      '{ action: pause, kinds: { repeat: { act: 6 } } }',
      'kinds.repeat.act: is never reached: equal results are alike, and near-repeat is acted on from 5',
    ],
    [
      '{ action: pause, kinds: { poll: { act: 65 } } }',
      'kinds.poll.act: is never reached: of a conversation the last 64 rounds are looked at',
    ],
    [
      '{ action: pause, kinds: { cycle: { act: 33 } } }',
      'kinds.cycle.act: is never reached: of a conversation 64 rounds, so 32 periods at most, are looked at',
    ],
    [
      '{ kinds: { interleaved: { warn: 33 } } }',
      'kinds.interleaved.warn: is never reached: of a conversation the last 32 rounds are looked at',
    ],
    ['{ window: 0s }', 'window: is 0: no two rounds belong together, so that hardly any loop is seen'],
    ['{ caps: { wallTime: 0s } }', 'caps.wallTime: is 0: every conversation has come to it with its first request'],
    ['{ pollTools: [a, b], exemptTools: [b] }', 'pollTools: names b in vain: exemptTools leaves that out of account'],
  ])('that do nothing are told: %s', (loops, warning) => {
    expect(warningsOf(loops)).toEqual([warning]);
  });

  it.each(['mcp', 'http'])('that are about models are told where there are only tools: %s', (dialect) => {
    const nothing = `does nothing: behind an upstream of dialect ${dialect} there are tools, and no model`;
    expect(
      warningsOf('{ action: nudge, stream: abort, caps: { tokens: 9, costUsd: 1, rounds: 9 }, kinds: { storm: { warn: 3 } } }', {
        dialect,
      }),
    ).toEqual([
      `action: comes to no more than warn: behind an upstream of dialect ${dialect} no model reads notes`,
      `stream: ${nothing}`,
      `caps.tokens: ${nothing}`,
      `caps.costUsd: ${nothing}`,
      `kinds.storm: ${nothing}`,
    ]);
  });

  it('are in force where any agent has a use for them', () => {
    const loops = '{ kinds: { error: { act: 4 } } }';
    expect(warningsOf(loops, { agents: '{ planner: { loopDetection: { action: pause } } }' })).toEqual([]);
    expect(warningsOf(loops, { agents: '{ planner: { loopDetection: { window: 1h } } }' })).toHaveLength(1);
  });

  it('are in force where any route has a use for them', () => {
    const text = config('{ stream: abort }', { dialect: 'mcp' })
      .replace('} }', '}, b: { url: http://127.0.0.1:8, dialect: openai } }')
      .replace(' ]', ', { path: /b, upstream: b, policy: p } ]');
    expect(warningLines(valid(text))).toEqual([]);
  });

  it('are told where they stand for an agent alone', () => {
    expect(warningsOf('{}', { agents: '{ planner: { loopDetection: { action: pause, kinds: { error: { warn: 9 } } } } }' })).toEqual([
      'agents.planner.loopDetection.kinds.error.warn: is never reached: act comes first, at 5',
    ]);
  });
});
