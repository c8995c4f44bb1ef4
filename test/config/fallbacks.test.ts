import { describe, expect, it } from 'vitest';
import { fallbackNames, namedModels } from '../../src/config/fallback-targets.ts';
import { loadConfigText } from '../../src/config/load.ts';
import { load, problemLines, valid, warningLines } from './load-text.ts';

/** Two providers and a tool, and a policy set `p` of these lines for the calls to the first one. */
const withSet = (...lines: string[]) => `upstreams:
  main: { url: http://main, dialect: openai }
  spare: { url: http://spare, dialect: openai }
  tool: { url: http://tool, dialect: http }
routes:
  - { path: /main, upstream: main, policy: p }
  - { path: /tool, upstream: tool }
policies:
  p:
${lines.map((line) => `    ${line}\n`).join('')}`;

describe('the targets of a fallback', () => {
  it('are told to be no upstreams, in policy sets and of agents', () => {
    const text = `${withSet('fallback: [ { upstream: spar } ]')}agents: { planner: { fallback: [ { model: m }, { upstream: x } ] } }\n`;
    expect(problemLines(load(text))).toEqual([
      '10:29 policies.p.fallback[0].upstream: there is no upstream of this name, did you mean "spare"?',
      '11:60 agents.planner.fallback[1].upstream: there is no upstream of this name; there are main, spare, tool',
    ]);
  });

  it('are rejected where no call can move to them', () => {
    const reason = 'speaks http, and calls for main are openai: there is no translator between wire formats';
    expect(problemLines(load(withSet('fallback: [ { upstream: spare }, { upstream: tool } ]')))).toEqual([
      `10:50 policies.p.fallback[1].upstream: ${reason}`,
    ]);
  });

  it('are warned of where only some calls can move to them, and of an agent by all routes', () => {
    const text = `${withSet('fallback: [ { upstream: spare } ]')}agents: { planner: { fallback: [ { upstream: spare } ] } }\n`;
    expect(warningLines(valid(text))).toEqual([
      'agents.planner.fallback[0].upstream: speaks openai, and calls for tool are http: there is no translator between wire formats; such calls skip it',
    ]);
  });

  it('are warned of where they are tried already', () => {
    expect(warningLines(valid(withSet('fallback: [ { upstream: spare }, { upstream: spare } ]')))).toEqual([
      'policies.p.fallback[1].upstream: leads to a target that was tried before: it is always skipped',
    ]);
  });

  it('make an upstream used without a route', () => {
    expect(warningLines(valid(withSet('fallback: [ { upstream: spare } ]')))).toEqual([]);
    expect(warningLines(valid(withSet('fallback: [ { model: m } ]')))).toEqual(['upstreams.spare: no route uses this upstream']);
  });

  it('need an upstream, a model or both', () => {
    expect(problemLines(load(withSet('fallback: [ { on: [timeout] } ]')))).toEqual([
      '10:17 policies.p.fallback[0]: expected an upstream, a model or both',
    ]);
  });

  it('are warned of where they speak Anthropic’s format and nobody tells its version', () => {
    const text = (headers: string) => `upstreams:
  main: { url: http://main, dialect: anthropic }
  spare: { url: http://spare, dialect: anthropic, headers: { ${headers} } }
routes: [ { path: /, upstream: main, policy: p } ]
policies: { p: { fallback: [ { model: small }, { upstream: spare } ] } }
`;
    const reason = "set it in upstreams.spare.headers, the agent's is not passed on";
    expect(warningLines(valid(text('x-api-key: k')))).toEqual([
      `policies.p.fallback[1].upstream: has no anthropic-version among its headers: ${reason}`,
    ]);
    expect(warningLines(valid(text('x-api-key: k, Anthropic-Version: 2023-06-01')))).toEqual([]);
  });

  it('need no version of Anthropic’s format where they are asked in another', () => {
    const text = (home: string, spare: string) => `upstreams:
  main: { url: http://main, dialect: ${home} }
  spare: { url: http://spare, dialect: ${spare} }
routes: [ { path: /, upstream: main, policy: p } ]
policies: { p: { fallback: [ { upstream: spare, model: m } ] } }
`;
    const [carried, ...others] = warningLines(valid(text('anthropic', 'openai')));
    expect(others).toEqual([]);
    expect(carried).toMatch(
      /^policies.p.fallback\[0\].upstream: speaks openai, so calls for main \(anthropic\) are translated; .*thinking/,
    );
    expect(warningLines(valid(text('openai', 'anthropic')))).toEqual([
      expect.stringMatching(/^policies.p.fallback\[0\].upstream: speaks anthropic, so calls for main \(openai\) are translated; .*seed/),
      expect.stringContaining('has no anthropic-version among its headers'),
    ]);
  });

  it('may set a limit of tokens, and are warned of one that no call needs', () => {
    expect(warningLines(valid(withSet('fallback: [ { upstream: spare, maxTokens: 100 } ]')))).toEqual([
      'policies.p.fallback[0].maxTokens: has no effect: it is for calls in the format of openai that move to an upstream that speaks anthropic',
    ]);
    expect(problemLines(load(withSet('fallback: [ { upstream: spare, maxTokens: 0 } ]')))[0]).toMatch(/maxTokens/);
  });

  it('share breaker, bulkhead and retry budget with the sets of other calls to their upstream', () => {
    const two = (p: string, q: string) => `upstreams: { a: { url: http://x }, b: { url: http://y } }
routes: [ { path: /p, upstream: a, policy: p }, { path: /q, upstream: b, policy: q } ]
policies:
  p: { ${p}, fallback: [ { upstream: b } ] }
  q: { ${q} }
`;
    const conflict = (p: string, q: string) => problemLines(load(two(p, q))).map((line) => line.split(' in ')[0]);
    expect(conflict('bulkhead: { queue: 1 }', 'bulkhead: { queue: 2 }')).toEqual([
      '4:8 policies.p.bulkhead: differs from policies.q.bulkhead (line 5)',
      '5:8 policies.q.bulkhead: differs from policies.p.bulkhead (line 4)',
    ]);
    expect(conflict('bulkhead: {}', 'bulkhead: {}')).toEqual([]);
  });
});

describe('a fallback', () => {
  it('is warned of where retries alone can spend the deadline', () => {
    const lines = warningLines(valid(withSet('deadline: 5m', 'timeout: {}', 'retry: {}', 'fallback: [ { upstream: spare } ]')));
    expect(lines.map((line) => line.split(': ', 2).join(': '))).toEqual(
      expect.arrayContaining(['policies.p.fallback: may never be tried', 'policies.p.retry.attempts: cannot always be made']),
    );
    expect(lines).toContainEqual(
      'policies.p.fallback: may never be tried: 3 attempts with their waits may take 6m1.5s, and the deadline of 5m holds for all targets together',
    );
    const patient = warningLines(valid(withSet('deadline: 10m', 'timeout: {}', 'retry: {}', 'fallback: [ { upstream: spare } ]')));
    expect(patient).toEqual([]);
  });

  it('is warned of where it is empty', () => {
    expect(warningLines(valid(withSet('fallback: []')))).toContainEqual('policies.p.fallback: is empty: calls move nowhere');
  });
});

describe('the names of fallbacks', () => {
  const both = withSet('fallback: [ { model: small }, { upstream: spare, model: llama } ]').replace(
    'upstream: tool }',
    'upstream: main, policy: p }',
  );
  const { config } = loadConfigText(`${both}agents: { planner: { fallback: [ { model: tiny } ] } }\n`);

  it('are the models of each upstream, of policy sets and of agents', () => {
    expect(namedModels(config)).toEqual(
      new Map([
        ['main', ['small', 'tiny']],
        ['spare', ['llama']],
      ]),
    );
    expect(fallbackNames(config).models).toEqual(['small', 'tiny', 'llama']);
  });

  it('are the moves that they can make, each once', () => {
    expect(fallbackNames(config).fallbacks).toEqual([
      { from: 'main', to: 'main/small' },
      { from: 'main', to: 'spare/llama' },
      { from: 'main/small', to: 'spare/llama' },
      { from: 'main', to: 'main/tiny' },
    ]);
  });
});
