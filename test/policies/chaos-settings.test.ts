import { describe, expect, it } from 'vitest';
import { faultKinds } from '../../src/core/event.ts';
import { chaosSettings } from '../../src/policies/chaos/settings.ts';
import { chaosWarnings } from '../../src/policies/chaos/warnings.ts';
import type { Written } from './chaos-kit.ts';

const { stringify } = JSON;

describe('the settings', () => {
  it('have a default for everything but the kind', () => {
    const { faults } = chaosSettings.parse({ faults: faultKinds.map((kind) => ({ kind })) });
    expect(faults.map(({ action: { kind, ...rest }, share }) => `${kind} ${share} ${stringify(rest)}`)).toEqual([
      'delay 1 {"forMs":1000}',
      'status 1 {"status":503}',
      'reset 1 {}',
      'refuse 1 {}',
      'timeout 1 {"phase":"firstByte"}',
      'cut 1 {"after":1}',
      'stall 1 {"after":1}',
      'slow-drip 1 {"bytes":16,"everyMs":100}',
      'malformed 1 {"after":1}',
      'in-band-error 1 {"after":1}',
      'empty-200 1 {}',
      'truncate 1 {"after":1}',
    ]);
  });

  it('take the example of the documentation', () => {
    const written = {
      enabled: false,
      until: '2026-12-01T12:00:00Z',
      seed: 7,
      faults: [
        { kind: 'status', status: 503, share: '10%' },
        { kind: 'stall', share: '5%', after: 3, for: '20s' },
      ],
    };
    expect(chaosSettings.parse(written)).toMatchObject({
      until: Date.UTC(2026, 11, 1, 12),
      seed: 7,
      faults: [
        { share: 0.1, action: { kind: 'status', status: 503 } },
        { share: 0.05, action: { kind: 'stall', after: 3, forMs: 20_000 } },
      ],
    });
  });

  it('refuse a key that says nothing for the kind, and times that are none', () => {
    const issues = (written: object) =>
      chaosSettings.safeParse(written).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(issues({ faults: [{ kind: 'reset', after: 3, status: 500 }] })).toEqual([
      'faults.0.status: does nothing for a fault of kind reset',
      'faults.0.after: does nothing for a fault of kind reset',
    ]);
    expect(issues({ until: 'tomorrow' })).toEqual([expect.stringMatching(/^until: expected a time such as 2026/)]);
    expect(issues({ faults: [{ kind: 'explode' }] })?.[0]).toMatch(/^faults\.0\.kind: /);
    expect(issues({ faults: [{ kind: 'status', status: 200 }] })?.[0]).toMatch(/^faults\.0\.status: /);
  });
});

describe('the warnings', () => {
  const wallMs = Date.UTC(2026, 10, 1);
  const warnings = (written: Written) =>
    chaosWarnings(chaosSettings.parse({ enabled: true, ...written }), wallMs).map(({ key, message }) => `${key}: ${message}`);

  it('say that calls are broken on purpose, and until when', () => {
    expect(warnings({ until: '2026-12-01T13:00:00+01:00', faults: [{ kind: 'reset' }, { kind: 'delay' }] })).toEqual([
      'enabled: faults are injected into calls on purpose until 2026-12-01T12:00:00Z: reset, delay',
      'faults.1: is never reached: faults.0 answers every call',
    ]);
    expect(warnings({ faults: [{ kind: 'stall', share: '5%' }] })).toEqual([
      'enabled: faults are injected into calls on purpose for an hour from the start: stall',
    ]);
  });

  it('say what is in vain', () => {
    expect(warnings({ until: '2026-10-31T00:00:00Z', faults: [{ kind: 'status' }] })).toEqual([
      'until: is over: no fault is injected any more',
    ]);
    expect(warnings({})).toEqual(['faults: is empty: no fault is injected']);
    expect(warnings({ observe: true, faults: [{ kind: 'cut', share: '0%' }] })).toEqual([
      'faults.0.share: is 0%: the fault is never injected',
    ]);
    expect(warnings({ observe: true, faults: [{ kind: 'reset', agent: 'a' }, { kind: 'cut' }] })).toEqual([]);
  });

  it('say nothing where it is off', () => {
    expect(warnings({ enabled: false, faults: [{ kind: 'status' }] })).toEqual([]);
  });
});
