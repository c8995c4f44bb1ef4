import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { statusReply } from '../../src/policies/chaos/answers.ts';
import { chaosSettings } from '../../src/policies/chaos/settings.ts';
import { chaosWarnings } from '../../src/policies/chaos/warnings.ts';

type Fault = NonNullable<z.input<typeof chaosSettings>['faults']>[number];

describe('the settings of a fault', () => {
  it.each<[Fault, object]>([
    [
      { kind: 'delay', for: '2s' },
      { kind: 'delay', forMs: 2000 },
    ],
    [
      { kind: 'status', status: 429, retryAfter: '3s', body: 'no' },
      { kind: 'status', status: 429, retryAfterMs: 3000, body: 'no' },
    ],
    [
      { kind: 'timeout', phase: 'connect' },
      { kind: 'timeout', phase: 'connect' },
    ],
    [
      { kind: 'timeout', phase: 'firstByte' },
      { kind: 'timeout', phase: 'firstByte' },
    ],
    [
      { kind: 'cut', after: 3 },
      { kind: 'cut', after: 3 },
    ],
    [
      { kind: 'stall', after: 3, for: '1s' },
      { kind: 'stall', after: 3, forMs: 1000 },
    ],
    [
      { kind: 'slow-drip', bytes: 8, every: '1s' },
      { kind: 'slow-drip', bytes: 8, everyMs: 1000 },
    ],
    [
      { kind: 'malformed', after: 3 },
      { kind: 'malformed', after: 3 },
    ],
    [
      { kind: 'in-band-error', after: 3 },
      { kind: 'in-band-error', after: 3 },
    ],
    [
      { kind: 'truncate', after: 3 },
      { kind: 'truncate', after: 3 },
    ],
  ])('%j are those of its kind', (written, action) => {
    expect(chaosSettings.parse({ faults: [written] }).faults[0]?.action).toEqual(action);
  });

  it.each<Fault>([
    { kind: 'reset' },
    { kind: 'refuse' },
    { kind: 'empty-200' },
    { kind: 'timeout' },
    { kind: 'slow-drip' },
    { kind: 'delay' },
  ])('%j take none of another', ({ kind }) => {
    expect(chaosSettings.safeParse({ faults: [{ kind, body: 'x' }] }).success).toBe(false);
  });
});

describe('the warnings', () => {
  const warned = (faults: Fault[]) => chaosWarnings(chaosSettings.parse({ enabled: true, faults }), 0).map(({ key }) => key);

  it.each(['status', 'reset', 'refuse', 'timeout', 'empty-200'] as const)(
    'say that nothing comes behind %s, which answers every call',
    (kind) => {
      expect(warned([{ kind }, { kind: 'cut' }])).toContain('faults.1');
      expect(warned([{ kind, share: '99%' }, { kind: 'cut' }])).not.toContain('faults.1');
    },
  );

  it('say of an end that it is over in the moment it comes', () => {
    const at = (wallMs: number) => chaosWarnings(chaosSettings.parse({ enabled: true, until: '2026-12-01T12:00:00Z' }), wallMs);
    expect(at(Date.UTC(2026, 11, 1, 12)).map(({ key }) => key)).toEqual(['until']);
    expect(at(Date.UTC(2026, 11, 1, 12) - 1).map(({ key }) => key)).not.toContain('until');
  });
});

it.each([
  [499, 'client-error'],
  [500, 'server-error'],
] as const)('an injected status %i is first taken for %s, with nothing to say for itself', (status, verdict) => {
  expect(statusReply(status, undefined, undefined)).toMatchObject({
    verdict,
    status,
    statusText: '',
  });
});
