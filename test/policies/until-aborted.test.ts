import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { untilAborted } from '../../src/policies/until-aborted.ts';

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

test('what comes before an abort is what it resolves to, however long that takes, and nobody listens any more', async () => {
  const { signal } = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  const waited = untilAborted(promise, signal);
  await new Promise(setImmediate);
  expect(listeners(signal)).toBe(1);
  resolve('described');
  expect(await waited).toBe('described');
  expect(listeners(signal)).toBe(0);
});

test('an abort ends the wait at once', async () => {
  const controller = new AbortController();
  const waited = untilAborted(new Promise(() => {}), controller.signal);
  controller.abort();
  expect(await waited).toBeUndefined();
  expect(listeners(controller.signal)).toBe(0);
});

test('a signal that has aborted before is not waited for', async () => {
  expect(await untilAborted(new Promise(() => {}), AbortSignal.abort())).toBeUndefined();
});

test('a promise that fails fails the wait, and nobody listens any more', async () => {
  const { signal } = new AbortController();
  await expect(untilAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  expect(listeners(signal)).toBe(0);
});
