/** Loaded into a proxy before its own code: at each SIGUSR2 it writes how late the event loop was since the one before. */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const path = process.env['BENCH_LOOP_DELAY_FILE'];
if (isMainThread && path !== undefined) {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  process.on('SIGUSR2', () => {
    writeFileSync(`${path}.new`, JSON.stringify({ loopDelayP99Ms: histogram.percentile(99) / 1e6, loopDelayMaxMs: histogram.max / 1e6 }));
    renameSync(`${path}.new`, path);
    histogram.reset();
  });
}
