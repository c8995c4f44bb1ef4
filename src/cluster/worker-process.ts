import cluster, { type Worker } from 'node:cluster';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromWorker, Further, ToWorker, WorkerReport, WorkerStart } from './messages.ts';

/** Bytes of answers that may be on their way to a worker; it does without the rest. */
const mostAnswerBytes = 16 * 1024 * 1024;

export interface WorkerEvents {
  readonly message: (message: Exclude<FromWorker, { kind: 'report' }>, from: WorkerProcess) => void;
  /** A line of its log, without the line break. */
  readonly line: (text: string) => void;
  readonly exit: (process: WorkerProcess, code: number | null, signal: string | null) => void;
}

/** Says once what all workers are started with. */
export function setUpWorkers(): void {
  cluster.setupPrimary({
    // As TypeScript in the repository, compiled in the package.
    exec: fileURLToPath(new URL(`./worker-main${extname(import.meta.filename)}`, import.meta.url)),
    args: [],
    // As in the launcher.
    execArgv: [...process.execArgv, '--no-allocation-site-pretenuring', '--external-memory-accounted-in-global-limit'],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

/** One worker as its primary sees it. */
export class WorkerProcess {
  readonly slot: number;
  readonly startedAt: number;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (report: WorkerReport | undefined) => void>();
  #answerBytes = 0;
  #gone = false;
  /** Whether it serves calls. */
  listening = false;

  constructor(start: WorkerStart, nowMs: number, events: WorkerEvents, onReport: (report: WorkerReport, from: WorkerProcess) => void) {
    this.slot = start.slot;
    this.startedAt = nowMs;
    this.#worker = cluster.fork();
    this.#worker.on('message', (message: FromWorker) => {
      if (message.kind === 'listening') this.listening = true;
      if (message.kind !== 'report') events.message(message, this);
      else {
        onReport(message.report, this);
        this.#settle(message.id, message.report);
      }
    });
    this.#worker.on('error', () => {});
    this.#worker.once('exit', (code: number | null, signal: string | null) => {
      this.#gone = true;
      this.listening = false;
      for (const id of this.#waiting.keys()) this.#settle(id, undefined);
      events.exit(this, code, signal);
    });
    forEachLine(this.#worker, events.line);
    this.tell(start);
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  tell(message: ToWorker): void {
    // It may be gone before anybody knows.
    if (!this.#gone && this.#worker.isConnected()) this.#worker.send(message, () => {});
  }

  /** Tells of an answer, unless it is behind with those of before. */
  tellAnswer(message: Extract<ToWorker, { kind: 'answer' }>): void {
    const bytes = message.answer.body.bytes.byteLength;
    if (this.#gone || !this.#worker.isConnected() || this.#answerBytes + bytes > mostAnswerBytes) return;
    this.#answerBytes += bytes;
    this.#worker.send(message, () => {
      this.#answerBytes -= bytes;
    });
  }

  /** Its report; undefined where it is gone or has none yet. */
  report(id: number, more: Further): Promise<WorkerReport | undefined> {
    if (this.#gone || !this.listening) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.tell({ kind: 'report', id, more });
    });
  }

  /** Nobody waits for that report any more. */
  giveUp(id: number): void {
    this.#settle(id, undefined);
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  #settle(id: number, report: WorkerReport | undefined): void {
    this.#waiting.get(id)?.(report);
    this.#waiting.delete(id);
  }
}

/** Lines of several processes must not be mixed: each is handed on whole. */
function forEachLine({ process: { stdout } }: Worker, onLine: (text: string) => void): void {
  let rest = '';
  stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
