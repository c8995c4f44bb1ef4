import { expect, it } from 'vitest';
import { type Exchange, withChanges } from '../../src/core/exchange.ts';
import { exchange } from '../policies/kit.ts';

it('a copy of an exchange has every member of it but those that were changed', () => {
  // It is only handed on.
  const trace = {} as NonNullable<Exchange['trace']>;
  const said = { session: 's', clientSession: 'c', admission: { refusal: () => undefined }, trace };
  const own: Exchange = { ...exchange(), ...said };
  const copy = withChanges(own, {});
  expect(own).toMatchObject(copy);
  expect(copy).toMatchObject(said);
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
