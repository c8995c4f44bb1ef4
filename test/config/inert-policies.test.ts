import { describe, expect, it } from 'vitest';
import { policyWarnings } from './load-text.ts';

describe('warnings of retries', () => {
  it.each([
    ['fixed', 1 + 1 + 1 + 1],
    ['linear', 1 + 2 + 3 + 4],
    ['exponential', 1 + 2 + 4 + 6],
    ['fibonacci', 1 + 1 + 2 + 3],
    // Four times as long where retries do not help.
    ['adaptive', 4 + 6 + 6 + 6],
  ])('know how long the waits of the %s strategy may be', (strategy, seconds) => {
    const retry = `retry: { on: [network], attempts: 5, backoff: { strategy: ${strategy}, base: 1s, max: 6s } }`;
    expect(policyWarnings(`deadline: ${seconds}s`, retry)).toEqual([]);
    expect(policyWarnings(`deadline: ${seconds - 1}s`, retry)).toEqual([
      `retry.attempts: cannot always be made: 5 attempts with waits of up to ${seconds}s take ${seconds}s, the deadline is ${seconds - 1}s`,
    ]);
  });

  it.each(['fixed', 'linear', 'fibonacci'])(
    'tell of a multiplier that the %s strategy has not, and of what it does not learn',
    (strategy) => {
      expect(policyWarnings(`retry: { backoff: { strategy: ${strategy}, multiplier: 2 }, adapt: {} }`)).toEqual([
        `retry.backoff.multiplier: does nothing: the ${strategy} strategy has none`,
        `retry.adapt: does nothing: the ${strategy} strategy learns nothing`,
      ]);
      expect(policyWarnings(`retry: { backoff: { strategy: ${strategy} } }`)).toEqual([]);
    },
  );

  it('say nothing of a multiplier and of learning where they count', () => {
    expect(policyWarnings('retry: { backoff: { strategy: exponential, multiplier: 3 } }')).toEqual([]);
    expect(policyWarnings('retry: { backoff: { strategy: adaptive, multiplier: 3 }, adapt: { minimumSuccess: 20% } }')).toEqual([]);
  });

  it('tell of learning that leads to nothing', () => {
    expect(policyWarnings('retry: { backoff: { strategy: adaptive }, adapt: { minimumSuccess: 0%, window: 0s } }')).toEqual([
      'retry.adapt.minimumSuccess: is 0: retries are never given up for not helping',
      'retry.adapt.window: is 0: what was learned is forgotten at once',
    ]);
  });

  const matters = (longest: string) => [
    `retry.onlyIfFailedWithin: hardly ever matters: an attempt has ${longest} for its answer, and fails by then`,
  ];
  it.each([
    [['timeout: { firstByte: 20s, answer: 10s }'], 20, '20s'],
    [['timeout: { firstByte: 10s, answer: 20s }'], 20, '20s'],
    [['timeout: { total: 20s, firstByte: 19s }'], 20, '20s'],
    [['timeout: { firstByte: 20s, answer: 10s }', 'bulkhead: { wait: 5s }'], 25, '25s'],
    [['timeout: { firstByte: 20s, answer: 10s }', 'bulkhead: { queue: 0 }'], 20, '20s'],
    [['deadline: 20s'], 20, '20s'],
  ])('tell where with %j no failure can take longer than onlyIfFailedWithin', (lines, seconds, longest) => {
    const retry = (within: number) => `retry: { on: [network], onlyIfFailedWithin: ${within}s }`;
    expect(policyWarnings(...lines, retry(seconds))).toEqual(matters(longest));
    expect(policyWarnings(...lines, retry(seconds - 1))).toEqual([]);
  });

  it('say nothing of onlyIfFailedWithin where an answer has no limit of its own, or none that acts', () => {
    const retry = 'retry: { onlyIfFailedWithin: 5m }';
    expect(policyWarnings('timeout: { firstByte: 20s }', retry)).toEqual([]);
    expect(policyWarnings('timeout: { firstByte: 20s, answer: 20s, observe: true }', retry)).toEqual([]);
    expect(policyWarnings(retry)).toEqual([]);
  });
});

describe('warnings of times and places', () => {
  it.each([
    [
      ['timeout: { keepAlive: 60s }'],
      ['timeout: { keepAlive: 59s }'],
      'timeout.keepAlive: comes only on streams that an agent holds open by GET: idle ends any other after 1m',
    ],
    [
      ['timeout: { minimumRate: 0B }', 'retry: {}'],
      ['timeout: { minimumRate: 1B }', 'retry: {}'],
      'timeout.minimumRate: is 0: no answer is too slow',
    ],
    [
      ['timeout: { minimumRate: 1KB }', 'bulkhead: {}'],
      ['timeout: { minimumRate: 1KB }', 'cache: {}'],
      'timeout.minimumRate: does nothing: no policy of the set waits for the whole of an answer',
    ],
    [
      ['bulkhead: { concurrent: 1, adaptive: true }'],
      ['bulkhead: { concurrent: 2, adaptive: true }'],
      'bulkhead.adaptive: does nothing: fewer than 1 at a time there cannot be',
    ],
    [['bulkhead: { perAgent: 100% }'], ['bulkhead: { perAgent: 99.9% }'], 'bulkhead.perAgent: is 100%: one agent may take every place'],
  ])('are given for %j and not for %j', (vain, useful, warning) => {
    expect(policyWarnings(...vain)).toEqual([warning]);
    expect(policyWarnings(...useful)).toEqual([]);
  });
});

describe('warnings of a cache', () => {
  it.each([
    ['mode: read-through', 'mode: read-through, fresh: 1s', 'fresh: is 0: no stored answer is given in place of a call'],
    ['fresh: 5m', 'fresh: 0s', 'fresh: does nothing in mode fallback: only read-through answers in place of a call'],
    ['any: true', 'any: false', 'any: does nothing in mode fallback: only read-through answers in place of a call'],
    [
      'staleIfError: 0s',
      'staleIfError: 0s, mode: read-through, fresh: 1s, any: true',
      'staleIfError: is 0 in mode fallback: no answer is ever given again',
    ],
    ['maxBytes: 1MB, maxEntry: 2MB', 'maxBytes: 1MB, maxEntry: 1MB', 'maxEntry: is above maxBytes: an answer that large is not kept'],
    ['shared: true', 'shared: false', "shared: lets callers see each other's answers, whatever their keys are good for"],
  ])('are given for { %s } and not for { %s }', (vain, useful, warning) => {
    expect(policyWarnings(`cache: { ${vain} }`)).toEqual([`cache.${warning}`]);
    expect(policyWarnings(`cache: { ${useful} }`)).toEqual([]);
  });
});
