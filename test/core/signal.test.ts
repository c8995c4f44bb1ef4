import { describe, expect, it, vi } from 'vitest';
import { Aborter, type Signal } from '../../src/core/signal.ts';

describe('a signal', () => {
  it('calls its listeners once, in order, when it aborts', () => {
    const aborter = new Aborter();
    const called: string[] = [];
    aborter.signal.addEventListener('abort', () => called.push('first'));
    aborter.signal.addEventListener('abort', () => called.push('second'));
    aborter.abort('why');
    aborter.abort('again');
    expect(called).toEqual(['first', 'second']);
    expect(aborter.signal.reason).toBe('why');
    expect(aborter.signal.aborted).toBe(true);
  });

  it('forgets a listener that was removed, and only that one', () => {
    const aborter = new Aborter();
    const [one, two, three] = [vi.fn(), vi.fn(), vi.fn()];
    for (const listener of [one, two, three]) aborter.addEventListener('abort', listener);
    aborter.removeEventListener('abort', two);
    aborter.removeEventListener('abort', two);
    aborter.abort('why');
    expect([one, two, three].map((listener) => listener.mock.calls.length)).toEqual([1, 0, 1]);
  });

  it('registers a listener once, and none after it has aborted', () => {
    const aborter = new Aborter();
    const listener = vi.fn();
    aborter.addEventListener('abort', listener);
    aborter.addEventListener('abort', listener);
    aborter.abort('why');
    aborter.addEventListener('abort', listener);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("may also be the platform's own", () => {
    const controller = new AbortController();
    const signal: Signal = controller.signal;
    const listener = vi.fn();
    signal.addEventListener('abort', listener, { once: true });
    controller.abort('why');
    expect(listener).toHaveBeenCalledTimes(1);
    expect(signal.reason).toBe('why');
  });
});
