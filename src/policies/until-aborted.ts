import type { Signal } from '../core/signal.ts';

/** What the promise resolves to, or undefined as soon as the signal aborts. */
export async function untilAborted<T>(promise: Promise<T>, signal: Signal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
