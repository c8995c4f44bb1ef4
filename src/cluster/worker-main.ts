import { ConfigError } from '../config/problem.ts';
import { giveBackMemory } from '../give-back-memory.ts';
import { createLog } from '../telemetry/log.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { type ServingWorker, startWorker } from './worker.ts';

// What the terminal or the service manager sends to all processes is the primary's to judge.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

let worker: ServingWorker | undefined;
let ending = false;

const early: Exclude<ToWorker, WorkerStart>[] = [];

process.on('message', (message: ToWorker) => {
  if (message.kind === 'start') void start(message);
  else hear(message);
});

async function start(message: WorkerStart): Promise<void> {
  try {
    // The primary puts the lines of all into the one log.
    const log = await createLog({ ...message.loaded.config.telemetry.log, format: 'json' });
    const onBug = (error: unknown) => {
      log.logger.fatal({ err: error }, 'an error that nobody caught: draining, then another worker takes over');
      void end(message.loaded.config.drainTimeout, 1);
    };
    process.on('uncaughtException', onBug).on('unhandledRejection', onBug);
    worker = await startWorker(message, log, tell);
    for (const one of early.splice(0)) hear(one);
    giveBackMemory();
  } catch (error) {
    const { message: text, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) };
    tell({ kind: 'failed', message: text, syscall, problems: error instanceof ConfigError ? error.problems : undefined });
    process.exitCode = 1;
    process.disconnect?.();
  }
}

function hear(message: Exclude<ToWorker, WorkerStart>): void {
  if (!worker) early.push(message);
  else if (message.kind === 'drain') void end(message.timeoutMs, 0);
  else worker.hear(message);
}

async function end(timeoutMs: number, code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await worker?.drain(timeoutMs).catch(() => undefined);
  // What was told must have gone before the channel is closed.
  process.send?.({ kind: 'events', events: [] } satisfies FromWorker, () => process.exit(code));
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}
