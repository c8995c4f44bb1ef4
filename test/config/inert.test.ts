import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { least, policyWarnings, valid, warningLines, withPolicy } from './load-text.ts';

describe('warnings', () => {
  it('are not given about defaults', () => {
    expect(policyWarnings('deadline: 10m', 'timeout: {}', 'retry: {}', 'circuitBreaker: {}', 'bulkhead: {}')).toEqual([]);
  });

  it.each([
    [['deadline: 0s'], 'deadline: lets no call through: 0 is no time at all; leave it out for no deadline'],
    [['timeout: { idle: 0s }'], 'timeout.idle: lets no call through: 0 is no time at all, not none'],
    [['deadline: 2m', 'timeout: {}'], 'timeout.firstByte: is never reached: the deadline of 2m comes first'],
    [['timeout: { total: 1m }'], 'timeout.firstByte: is never reached: the total of 1m comes first'],
    [['timeout: { connect: 3m }'], 'timeout.connect: is never reached: timeout.firstByte comes first'],
    [['retry: { attempts: 1 }'], 'retry.attempts: counts the first attempt too: with 1 nothing is retried'],
    [['retry: { on: [] }'], 'retry.on: is empty: nothing is retried'],
    [['retry: { budget: { ratio: 0%, minimum: 0 } }'], 'retry.budget: is 0: nothing is retried'],
    [['retry: { backoff: { base: 30s } }'], 'retry.backoff.base: is above max: every wait is 20s at most'],
    [
      ['deadline: 30s', 'retry: { on: [rate-limited] }'],
      'retry.retryAfter.max: is above the deadline of 30s: waits that long are not begun',
    ],
    [
      ['deadline: 6m', 'timeout: {}', 'retry: {}'],
      'retry.attempts: cannot always be made: 3 attempts of up to 2m and waits of up to 1.5s take 6m1.5s, the deadline is 6m',
    ],
    [
      ['deadline: 1s', 'retry: { on: [network] }'],
      'retry.attempts: cannot always be made: 3 attempts with waits of up to 1.5s take 1.5s, the deadline is 1s',
    ],
    [['circuitBreaker: { on: [] }'], 'circuitBreaker.on: is empty: the breaker never opens'],
    [['circuitBreaker: { window: 1s }'], 'circuitBreaker.minimum: is hardly ever met: the ratio counts only with 20 calls within 1s'],
    [['circuitBreaker: { ratio: 0% }'], 'circuitBreaker.ratio: of 0% opens the breaker after every 20 calls, failed or not'],
    [['circuitBreaker: { cooldown: 10m }'], 'circuitBreaker.cooldown: is above cooldownMax: it is 5m'],
    [
      ['circuitBreaker: {}', 'bulkhead: { concurrent: 2 }'],
      'circuitBreaker.probes: is above bulkhead.concurrent: some probes have to wait',
    ],
    [['bulkhead: { wait: 0s }'], 'bulkhead.wait: is 0: nobody waits in the queue'],
    [['deadline: 5s', 'bulkhead: {}'], 'bulkhead.wait: is never reached: the deadline of 5s comes first'],
  ])('tell what %j says in vain', (lines, warning) => {
    expect(policyWarnings(...lines)).toEqual([warning]);
  });

  it('take the time of an attempt for lost only where a timeout is retried', () => {
    expect(policyWarnings('deadline: 5m', 'timeout: {}', 'retry: { on: [network] }')).toEqual([]);
  });

  it('stand at the line of what they are about, or of what is around it', () => {
    const { warnings } = valid(withPolicy('deadline: 2m', 'timeout:', '  firstByte: 2m', 'retry: { on: [] }'));
    expect(warnings.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(['c.yaml:7:7', 'c.yaml:8:14']);
    expect(valid(withPolicy('deadline: 2m', 'timeout: {}')).warnings[0]).toMatchObject({ line: 6, column: 5 });
  });

  it('tell of upstreams and policy sets that no route uses', () => {
    const text = `${least.replace('upstreams: {', 'upstreams: { idle: { url: http://y },')}policies: { lonely: {} }\n`;
    expect(warningLines(valid(text))).toEqual([
      'upstreams.idle: no route uses this upstream',
      'policies.lonely: no route uses this policy set',
    ]);
  });

  it.each([
    ['http: //x, http2: true', 'upstreams.a.http2: does nothing without https://: HTTP/2 is agreed on in the TLS handshake'],
    ['http: //x, tls: { serverName: y }', 'upstreams.a.tls: does nothing without https://'],
    ['"simulated:", headers: { a: b }', 'upstreams.a.headers: does nothing: the simulated provider reads no headers'],
    ['http: //127.0.0.1:4141/x', 'upstreams.a.url: leads back to the proxy port itself: calls would go round in a circle'],
    ['http: //localhost:4141', 'upstreams.a.url: leads back to the proxy port itself: calls would go round in a circle'],
  ])('tell of an upstream with `%s`', (url, warning) => {
    const text = `upstreams: { a: { url: ${url.replace('http: //', 'http://')} } }\nroutes: [{ path: /, upstream: a }]\n`;
    expect(warningLines(valid(text))).toEqual([warning]);
  });

  it('tell of an upstream that only looks like the proxy port by nothing', () => {
    expect(warningLines(valid('upstreams: { a: { url: http://10.0.0.1:4141 } }\nroutes: [{ path: /, upstream: a }]\n'))).toEqual([]);
  });

  it('tell of a short token and of a replay limit that no body reaches', () => {
    expect(warningLines(valid(`${least}admin: { token: short }\nlimits: { requestBody: 1MB }\n`))).toEqual([
      'admin.token: is shorter than 16 characters, so it can be guessed',
      'limits.replayBody: is above limits.requestBody, and no body is',
    ]);
  });

  it('tell of a file that everybody may change', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'outrigger.yaml');
    writeFileSync(file, least);
    const read = () => loadConfig({ environment: {}, directory });
    chmodSync(file, 0o664);
    expect(read()).toMatchObject({ ok: true, warnings: [] });
    chmodSync(file, 0o666);
    expect(read()).toMatchObject({ ok: true, warnings: [{ message: 'everybody on this machine may change this file' }] });
  });
});
