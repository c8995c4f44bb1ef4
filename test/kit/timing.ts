/** The promise's value, or an error that names `what` if it takes longer than `limitMs`. */
export function within<T>(limitMs: number, promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until `check` holds, looking every few milliseconds; an error that names `what` after `limitMs`. */
export async function eventually(what: string, check: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  const until = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > until) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Lets all that is ready to go on go on, without any time passing. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a number has not changed for `quietMs`, and gives it. */
export async function settled(read: () => number, quietMs = 300): Promise<number> {
  let value = read();
  let since = performance.now();
  while (performance.now() - since < quietMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(20, quietMs / 4)));
    if (read() !== value) {
      value = read();
      since = performance.now();
    }
  }
  return value;
}
