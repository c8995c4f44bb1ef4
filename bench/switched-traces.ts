/** Loaded into a sidecar before its own code: each SIGUSR2 switches between calls that are traced, as at the start, and calls that are not. */
import { isMainThread } from 'node:worker_threads';

const module = process.env['BENCH_TRACER'];
if (isMainThread && module !== undefined) {
  const { Tracer } = (await import(module)) as { Tracer: { prototype: { begin: (headers: readonly string[]) => unknown } } };
  const { begin } = Tracer.prototype;
  let on = true;
  Tracer.prototype.begin = function traced(headers) {
    return on ? begin.call(this, headers) : undefined;
  };
  process.on('SIGUSR2', () => {
    on = !on;
  });
}
