import { expect, it } from 'vitest';
import { type Exchange, withChanges } from '../../src/core/exchange.ts';
import { exchange } from '../policies/kit.ts';

it('a copy of an exchange has every member of it but those that were changed', () => {
  const { events: _, noted: __, hangUp: ___, abort: ____, ...original } = exchange();
  const full: Exchange = { ...original, session: 's', clientSession: 'c', admission: { refusal: () => undefined } };
  expect(withChanges(full, {})).toEqual(full);
  const changes: Parameters<typeof withChanges>[1] = {
    request: { ...full.request, path: '/other' },
    target: { upstream: 'spare' },
    dialect: { ...full.dialect },
    attempt: 2,
    limits: { firstBytePhase: 'answer' },
    deadline: 5,
    signal: AbortSignal.abort(),
    note: () => {},
    opened: { attempts: 1, outcomes: [], closed: true },
    admission: { refusal: () => undefined },
  };
  expect(withChanges(full, changes)).toEqual({ ...full, ...changes });
});
