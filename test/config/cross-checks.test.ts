import { describe, expect, it } from 'vitest';
import { least, load, problemLines } from './load-text.ts';

describe('an admin port that others can reach', () => {
  const reason = 'an admin port that others can reach needs a token: set admin.token, or listen on 127.0.0.1';

  it.each(['0.0.0.0:4142', '"[::]:4142"', '10.0.0.1:4142', 'outrigger:4142', '128.0.0.1:1'])(
    'is refused on %s without a token',
    (listen) => {
      expect(problemLines(load(`${least}admin:\n  listen: ${listen}\n`))).toEqual([`4:11 admin.listen: ${reason}`]);
      expect(problemLines(load(`${least}admin:\n  listen: ${listen}\n  token: 0123456789abcdef\n`))).toEqual([]);
    },
  );

  it.each(['127.0.0.1:0', '127.9.9.9:4142', '"[::1]:4142"', 'localhost:4142'])('is not meant by %s', (listen) => {
    expect(problemLines(load(`${least}admin: { listen: ${listen} }\n`))).toEqual([]);
  });

  it('is told beside other problems, and an empty token is none', () => {
    const lines = problemLines(load(`${least}admin: { listen: 0.0.0.0:4142, token: "" }\nlimits: 1\n`));
    expect(lines).toEqual([
      `3:18 admin.listen: ${reason}`,
      '3:39 admin.token: expected at least 1 characters',
      '4:9 limits: expected a mapping of keys to values, not a number',
    ]);
  });
});

describe('the two ports', () => {
  const reason = '3:37 admin.listen: this is the address of the proxy port; the admin port needs its own';

  it('need an address each', () => {
    expect(problemLines(load(`${least}admin: { token: x123456789, listen: "127.0.0.1:4141" }\n`))).toEqual([reason]);
    expect(problemLines(load(`${least}admin: { token: x123456789, listen: "127.0.0.1:5000" }\nlisten: 0.0.0.0:5000\n`))).toEqual([reason]);
  });

  it('may both be any free port', () => {
    expect(problemLines(load(`${least}admin: { listen: 127.0.0.1:0 }\nlisten: 127.0.0.1:0\n`))).toEqual([]);
  });
});

describe('routes', () => {
  it('may lead to the simulated provider', () => {
    expect(load('upstreams: { demo: { url: "simulated:" } }\nroutes: [{ path: /demo, upstream: demo }]\n').ok).toBe(true);
  });

  it('cannot begin with what names an agent', () => {
    expect(problemLines(load('upstreams: { a: { url: http://x } }\nroutes: [{ path: /@a/b, upstream: a }]\n'))).toEqual([
      '2:18 routes[0].path: a first segment with @ names an agent, so this path can never match',
    ]);
  });

  it('are checked for upstreams and policy sets even where these have mistakes of their own', () => {
    const text =
      'upstreams: { a: { url: 5 } }\npolicies: { p: { retry: 5 } }\nroutes: [{ path: /a, upstream: a, policy: p }, { path: /b, upstream: A, policy: q }]\n';
    expect(problemLines(load(text))).toEqual([
      '1:24 upstreams.a.url: expected an http:// or https:// URL without credentials, query or fragment, or simulated:',
      '2:25 policies.p.retry: expected a mapping of keys to values, not a number',
      '3:70 routes[1].upstream: there is no upstream of this name, did you mean "a"?',
      '3:81 routes[1].policy: there is no policy set of this name, did you mean "p"?',
    ]);
  });
});

describe('keys of agents', () => {
  it('belong to one agent each', () => {
    expect(problemLines(load(`${least}agents:\n  a: { keys: [k1, k2] }\n  b: { keys: [k2] }\n`))).toEqual([
      '5:15 agents.b.keys[0]: the agent a has this key already',
    ]);
  });

  it('are not empty', () => {
    expect(problemLines(load(`${least}agents: { a: { keys: ["\${K}"] } }\n`, { K: '' }))).toEqual([
      '3:23 agents.a.keys[0]: expected at least 1 characters',
    ]);
  });
});

describe('policy sets for the same upstream', () => {
  const sets = (p: string, q: string, rest = '') => `upstreams: { a: { url: http://x }, b: { url: http://y } }
routes:
  - { path: /p, upstream: a, policy: p }
  - { path: /q, upstream: a, policy: q }
policies:
  p: { ${p} }
  q: { ${q} }
${rest}`;

  it.each([
    ['circuitBreaker: { failures: 3 }', 'circuitBreaker: {}', 'circuitBreaker', 'failures'],
    ['bulkhead: { queue: 1 }', 'bulkhead: { queue: 2 }', 'bulkhead', 'queue'],
    ['retry: { budget: { ratio: 10% } }', 'retry: { budget: {} }', 'retry.budget', 'ratio'],
  ])('conflict with %s and %s', (p, q, path, key) => {
    const [first, second, ...more] = problemLines(load(sets(p, q)));
    expect(first).toMatch(
      new RegExp(`^6:\\d+ policies\\.p\\.${path}: differs from policies\\.q\\.${path} \\(line 7\\) in ${key}; both act on the upstream a`),
    );
    expect(second).toMatch(
      new RegExp(`^7:\\d+ policies\\.q\\.${path}: differs from policies\\.p\\.${path} \\(line 6\\) in ${key}; both act on the upstream a`),
    );
    expect(more).toEqual([]);
  });

  it.each([
    ['the same written in two ways', 'circuitBreaker: { failures: 5, window: 60s }', 'circuitBreaker: { window: 1m }'],
    ['one that does not name the policy', 'circuitBreaker: { failures: 3 }', 'retry: {}'],
    ['different retries within one budget', 'retry: { attempts: 2 }', 'retry: { attempts: 5, on: [timeout] }'],
    ['different timeouts', 'timeout: { connect: 1s }', 'timeout: {}'],
  ])('agree with %s', (_, p, q) => {
    expect(problemLines(load(sets(p, q)))).toEqual([]);
  });

  it('may differ for different upstreams', () => {
    const text = sets('bulkhead: { queue: 1 }', 'bulkhead: { queue: 2 }').replace('path: /q, upstream: a', 'path: /q, upstream: b');
    expect(problemLines(load(text))).toEqual([]);
  });

  it('point at the policy where the conflict is with a default', () => {
    expect(problemLines(load(sets('retry: { budget: { ratio: 10% } }', 'retry: {}')))[1]).toMatch(
      /^7:8 policies\.q\.retry: differs from policies\.p\.retry\.budget/,
    );
  });

  it('conflict with what an agent changes', () => {
    const lines = problemLines(load(sets('bulkhead: {}', 'timeout: {}', 'agents: { planner: { bulkhead: { concurrent: 2 } } }\n')));
    expect(lines.map((line) => line.split(' in ')[0])).toEqual([
      '6:8 policies.p.bulkhead: differs from agents.planner.bulkhead (line 8)',
      '8:22 agents.planner.bulkhead: differs from policies.p.bulkhead (line 6)',
    ]);
  });

  it('agree with what an agent leaves alone', () => {
    const agents =
      'agents: { default: { bulkhead: { concurrent: 2 } }, planner: { bulkhead: { concurrent: 2 }, retry: { attempts: 5 } } }\n';
    expect(problemLines(load(sets('bulkhead: {}', 'timeout: {}', agents)))).toEqual([]);
  });
});
