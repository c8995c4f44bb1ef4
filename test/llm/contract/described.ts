import { expect } from 'vitest';
import type { Call } from '../../../src/core/dialect.ts';

const histories = ['messages', 'input', 'contents'];

/** What a call is described as, but for the place of its history, which must be that of a list in the body. */
export function placed({ history, ...call }: Call, body: string | undefined): Omit<Call, 'history'> {
  if (!history) return call;
  const list: unknown = JSON.parse(Buffer.from(body ?? '').toString('utf8', history.start, history.end));
  const parsed = JSON.parse(body ?? '') as Record<string, unknown>;
  expect(Array.isArray(list)).toBe(true);
  expect(histories.map((name) => parsed[name])).toContainEqual(list);
  return call;
}
