import { expect, it } from 'vitest';
import { type Exchange, withChanges } from '../../src/core/exchange.ts';
import { exchange } from '../policies/kit.ts';

it('a copy of an exchange has every member of it but those that were changed', () => {
  const own: Exchange = { ...exchange(), session: 's', clientSession: 'c', admission: { refusal: () => undefined } };
  const copy = withChanges(own, {});
  expect(own).toMatchObject(copy);
  expect(copy).toMatchObject({ session: 's', clientSession: 'c', trace: undefined });
  const changes: Parameters<typeof withChanges>[1] = {
    request: { ...own.request, path: '/other' },
    target: { upstream: 'spare' },
    dialect: { ...own.dialect },
    attempt: 2,
    limits: { firstBytePhase: 'answer' },
    deadline: 5,
    signal: AbortSignal.abort(),
    note: () => {},
    opened: { attempts: 1, outcomes: [], closed: true },
    admission: { refusal: () => undefined },
  };
  expect(withChanges(own, changes)).toEqual({ ...copy, ...changes });
});
