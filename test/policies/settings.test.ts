import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { bulkheadSettings } from '../../src/policies/bulkhead.ts';
import { cacheSettings } from '../../src/policies/cache.ts';
import { chaosSettings } from '../../src/policies/chaos/settings.ts';
import { circuitBreakerSettings } from '../../src/policies/circuit-breaker.ts';
import { degradeSettings } from '../../src/policies/degrade.ts';
import { fallbackEntry } from '../../src/policies/fallback/entry.ts';
import { fallbackSettings } from '../../src/policies/fallback.ts';
import { retrySettings } from '../../src/policies/retry.ts';
import { timeoutSettings } from '../../src/policies/timeout.ts';

const minutes = 60_000;

// As the documentation promises them; times are milliseconds, sizes bytes, shares fractions of 1.
const policies: [name: string, settings: z.ZodType, defaults: object][] = [
  ['timeout', timeoutSettings, { connect: 5000, firstByte: 2 * minutes, idle: 60_000, hold: 15_000, observe: false }],
  [
    'retry',
    retrySettings,
    {
      attempts: 3,
      on: ['rate-limited', 'overloaded', 'server-error', 'network', 'timeout'],
      backoff: { strategy: 'exponential', base: 500, max: 20_000, multiplier: 2, jitter: 'full' },
      retryAfter: { respect: true, max: 60_000 },
      budget: { ratio: 0.2, minimum: 10 },
      adapt: { minimumSuccess: 0.3, window: 5 * minutes },
      observe: false,
    },
  ],
  [
    'circuitBreaker',
    circuitBreakerSettings,
    {
      failures: 5,
      ratio: 0.5,
      window: 30_000,
      minimum: 20,
      cooldown: 30_000,
      cooldownMax: 5 * minutes,
      probes: 3,
      per: 'upstream',
      on: ['overloaded', 'server-error', 'network', 'timeout'],
      observe: false,
    },
  ],
  ['bulkhead', bulkheadSettings, { concurrent: 256, queue: 256, wait: 10_000, adaptive: false, observe: false }],
  [
    'cache',
    cacheSettings,
    {
      mode: 'fallback',
      fresh: 0,
      staleIfError: 1440 * minutes,
      maxBytes: 256 * 1024 ** 2,
      maxEntry: 4 * 1024 ** 2,
      any: false,
      shared: false,
      observe: false,
    },
  ],
  ['degrade', degradeSettings, { messages: {}, observe: false }],
  ['chaos', chaosSettings, { enabled: false, faults: [], observe: false }],
];

const takes = (settings: z.ZodType, written: unknown): boolean => settings.safeParse(written).success;

describe('the settings of a policy', () => {
  it.each(policies)('are the documented defaults where %s is only named', (_, settings, defaults) => {
    expect(settings.parse({})).toMatchObject(defaults);
  });

  it('give a configured body of degrade the status 200 and JSON', () => {
    expect(degradeSettings.parse({ body: { text: '{}' } }).body).toEqual({ status: 200, contentType: 'application/json', text: '{}' });
  });

  it.each<(typeof policies)[number]>([...policies, ['a fallback', fallbackEntry, {}]])(
    'of %s hold no key that is misspelled',
    (_, settings) => {
      expect(takes(settings, { observed: true })).toBe(false);
    },
  );

  it.each<[name: string, settings: z.ZodType, written: object[]]>([
    ['retry', retrySettings, [{ attempts: 1 }, { attempts: 10 }, { budget: { minimum: 0 } }, { on: [] }]],
    ['retry', retrySettings, [{ backoff: { multiplier: 1 } }, { backoff: { multiplier: 10 } }]],
    ['retry', retrySettings, ['fixed', 'linear', 'exponential', 'fibonacci', 'adaptive'].map((strategy) => ({ backoff: { strategy } }))],
    ['retry', retrySettings, ['none', 'equal', 'full'].map((jitter) => ({ backoff: { jitter } }))],
    ['circuitBreaker', circuitBreakerSettings, [{ per: 'upstream' }, { per: 'model' }, { failures: 1 }]],
    ['bulkhead', bulkheadSettings, [{ queue: 0 }, { concurrent: 1 }, { perAgent: '10%' }]],
    ['cache', cacheSettings, [{ mode: 'fallback' }, { mode: 'read-through' }, { maxEntry: '0B' }]],
    ['chaos', chaosSettings, [{ seed: 0 }, { seed: 0xffff_ffff }]],
    ['chaos', chaosSettings, [400, 599].map((status) => ({ faults: [{ kind: 'status', status }] }))],
    ['chaos', chaosSettings, [{ faults: [{ kind: 'cut', after: 0 }] }]],
    ['degrade', degradeSettings, [200, 599].map((status) => ({ body: { text: '', status } }))],
    ['a fallback', fallbackEntry, [{ upstream: 'spare' }, { model: 'm' }, { model: 'm', maxTokens: 1, retry: { attempts: 1 } }]],
    ['fallback', fallbackSettings, [Array.from({ length: 10 }, () => ({ model: 'm' }))]],
  ])('of %s may be at their bounds', (_, settings, written) => {
    for (const one of written) expect(takes(settings, one), JSON.stringify(one)).toBe(true);
  });

  it.each<[name: string, settings: z.ZodType, written: object[]]>([
    [
      'retry',
      retrySettings,
      [{ attempts: 0 }, { attempts: 11 }, { attempts: 1.5 }, { budget: { minimum: -1 } }, { budget: { share: '1%' } }],
    ],
    ['retry', retrySettings, [{ backoff: { multiplier: 0.9 } }, { backoff: { multiplier: 10.1 } }, { backoff: { jitter: 'half' } }]],
    ['retry', retrySettings, [{ backoff: { factor: 2 } }, { retryAfter: { honor: true } }, { adapt: { minimum: '30%' } }]],
    ['circuitBreaker', circuitBreakerSettings, [{ per: 'agent' }, { failures: 0 }, { ratio: '101%' }]],
    ['bulkhead', bulkheadSettings, [{ queue: -1 }, { concurrent: 0 }, { perAgent: 0.1 }]],
    ['cache', cacheSettings, [{ mode: 'first' }, { maxEntry: 0 }]],
    ['chaos', chaosSettings, [{ seed: -1 }, { seed: 0x1_0000_0000 }, { seed: 0.5 }]],
    ['chaos', chaosSettings, [399, 600].map((status) => ({ faults: [{ kind: 'status', status }] }))],
    ['chaos', chaosSettings, [{ faults: [{ kind: 'cut', after: -1 }] }, { faults: [{ kind: 'reset', agent: '' }] }, { faults: [{}] }]],
    ['degrade', degradeSettings, [199, 600].map((status) => ({ body: { text: '', status } }))],
    ['degrade', degradeSettings, [{ body: {} }, { body: { text: '', type: 'a/b' } }, { messages: { default: [''] } }]],
    ['degrade', degradeSettings, ['', 'ä/b', 'a/b\n'].map((contentType) => ({ body: { text: '', contentType } }))],
    ['a fallback', fallbackEntry, [{}, { model: '' }, { model: 'm', maxTokens: 0 }, { model: 'm', retry: { budget: {} } }]],
    ['fallback', fallbackSettings, [Array.from({ length: 11 }, () => ({ model: 'm' }))]],
  ])('of %s may not be beyond their bounds', (_, settings, written) => {
    for (const one of written) expect(takes(settings, one), JSON.stringify(one)).toBe(false);
  });
});
