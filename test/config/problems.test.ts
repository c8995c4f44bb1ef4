import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/config/problem.ts';
import { load, problemLines, withPolicy } from './load-text.ts';

function reported(text: string, environment: Record<string, string> = {}): string {
  const result = load(text, environment);
  return result.ok ? '' : result.problems.map(formatProblem).join('\n');
}

describe('problems of a configuration', () => {
  it('are told all at once, each with its line, its column and a caret', () => {
    const text = `listen: 127.0.0.1
upstreams:
  openai: { url: https://api.openai.com, dialect: opanai }
policies:
  llm:
    deadline: 5
    retry:
      atempts: 3
      attempts: 50
    circuitBreaker:
routes:
  - { path: /openai, upstream: opena1, policy: llm }
  - path: /openai
    upstream: openai
`;
    expect(reported(text)).toBe(`c.yaml:1:9 listen: expected HOST:PORT, such as 127.0.0.1:4141
  1 | listen: 127.0.0.1
    |         ^^^^^^^^^
c.yaml:3:51 upstreams.openai.dialect: no such value, did you mean "openai"?
  3 |   openai: { url: https://api.openai.com, dialect: opanai }
    |                                                   ^^^^^^
c.yaml:6:15 policies.llm.deadline: expected a duration such as 500ms, 30s, 5m or 1m30s
  6 |     deadline: 5
    |               ^
c.yaml:8:7 policies.llm.retry.atempts: unknown key, did you mean "attempts"?
  8 |       atempts: 3
    |       ^^^^^^^
c.yaml:9:17 policies.llm.retry.attempts: expected at most 10
  9 |       attempts: 50
    |                 ^^
c.yaml:10:5 policies.llm.circuitBreaker: there is nothing behind "circuitBreaker:"; write "circuitBreaker: {}" for its defaults, or leave it out
  10 |     circuitBreaker:
     |     ^^^^^^^^^^^^^^
c.yaml:12:32 routes[0].upstream: there is no upstream of this name, did you mean "openai"?
  12 |   - { path: /openai, upstream: opena1, policy: llm }
     |                                ^^^^^^
c.yaml:13:11 routes[1].path: routes[0] has this path already (line 12)
  13 |   - path: /openai
     |           ^^^^^^^`);
  });

  it.each([
    ['bulkhead: { wait: 10 }', 'policies.p.bulkhead.wait: expected a duration such as 500ms, 30s, 5m or 1m30s'],
    ['bulkhead: { wait: 10 seconds }', 'policies.p.bulkhead.wait: expected a duration such as 500ms, 30s, 5m or 1m30s'],
    ['bulkhead: { wait: true }', 'policies.p.bulkhead.wait: expected a duration such as 500ms, 30s, 5m or 1m30s'],
    ['circuitBreaker: { ratio: 0.5 }', 'policies.p.circuitBreaker.ratio: expected a share from 0% to 100%, such as 20%'],
    ['circuitBreaker: { ratio: 120% }', 'policies.p.circuitBreaker.ratio: expected a share from 0% to 100%, such as 20%'],
    ['retry: { attempts: "3" }', 'policies.p.retry.attempts: expected a number, not a text'],
    ['retry: { attempts: 2.5 }', 'policies.p.retry.attempts: expected a whole number'],
    ['retry: { attempts: 0 }', 'policies.p.retry.attempts: expected at least 1'],
    ['retry: { observe: 1 }', 'policies.p.retry.observe: expected true or false, not a number'],
    ['retry: 3', 'policies.p.retry: expected a mapping of keys to values, not a number'],
    ['retry: [3]', 'policies.p.retry: expected a mapping of keys to values, not a list'],
    ['retry: { on: timeout }', 'policies.p.retry.on: expected a list, not a text'],
    ['retry: { on: [ratelimited] }', 'policies.p.retry.on[0]: no such value, did you mean "rate-limited"?'],
    ['retry: { on: ~ }', 'policies.p.retry.on: there is nothing behind "on:"; write "on: []" for none, or leave it out'],
    ['deadline:', 'policies.p.deadline: there is nothing behind "deadline:"; give it a value or leave it out'],
    ['circuit-breaker: {}', 'policies.p.circuit-breaker: unknown key, did you mean "circuitBreaker"?'],
    [
      'zzzzzz: 1',
      'policies.p.zzzzzz: unknown key; known here: deadline, timeout, retry, circuitBreaker, bulkhead, fallback, cache, degrade, loopDetection, validate, chaos',
    ],
  ])('say of `%s` what is expected', (line, message) => {
    expect(problemLines(load(withPolicy(line))).map((problem) => problem.replace(/^\d+:\d+ /, ''))).toEqual([message]);
  });

  it('ask for a size where a number stands', () => {
    expect(problemLines(load('limits: { requestBody: 1000 }\nupstreams: {a: {url: http://x}}\nroutes: [{path: /, upstream: a}]'))).toEqual([
      '1:24 limits.requestBody: expected a size such as 16KB or 256MB',
    ]);
  });

  it('ask for quotes around a number that is a text', () => {
    expect(problemLines(load('upstreams: {a: {url: http://x, headers: {x-version: 2024}}}\nroutes: [{path: /, upstream: a}]'))).toEqual([
      '1:53 upstreams.a.headers.x-version: expected a text, not a number; put it in quotes',
    ]);
  });

  it('name the section that a required key is missing from', () => {
    expect(problemLines(load('listen: 127.0.0.1:0\n'))).toEqual([
      '1:1 upstreams: upstreams is missing: expected a mapping of names to values',
      '1:1 routes: routes is missing: expected a list',
    ]);
    expect(problemLines(load('upstreams: {a: {dialect: http}}\nroutes:\n  - path: /a\n'))).toEqual([
      '1:13 upstreams.a.url: url is missing: expected a text',
      '3:5 routes[0].upstream: upstream is missing: expected a text',
    ]);
  });

  it('count columns in a file with Windows line ends, and do not show the line end', () => {
    const report = reported('upstreams: {a: {url: http://x}}\r\nroutes: [{path: /, upstream: a}]\r\nlisten: 5\r\n');
    expect(report).toBe('c.yaml:3:9 listen: expected HOST:PORT, such as 127.0.0.1:4141\n  3 | listen: 5\n    |         ^');
  });

  it('cut a long line around the place', () => {
    const report = reported(`upstreams: { ${'b: { url: http://x }, '}${' '.repeat(500)} a: { url: 5 } }\nroutes: [{path: /, upstream: a}]`);
    const [, line, caret] = report.split('\n');
    expect(line?.length).toBeLessThan(140);
    expect(line?.[caret?.indexOf('^') ?? 0]).toBe('5');
  });

  it('show no control sequences', () => {
    const report = reported('"\\u001b[31m": 1\n"\u202eabc": 2\n');
    expect(report).toContain('unknown key');
    expect(report.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
