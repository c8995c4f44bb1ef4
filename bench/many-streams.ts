import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from './connect.ts';
import type { Order, Values } from './measurement.ts';
import { chatRequest, eventBytes, nowUs, streamBytes } from './payload.ts';
import { residentKilobytes } from './processes.ts';
import { percentile } from './statistics.ts';
import { stamps } from './streams.ts';
import { openWindow } from './window.ts';

/** How many streams are open at a time. */
export const manyStreams = 5000;

const paceMs = 1000;
const openedAtATime = 50;
const openingMs = 2000;
const settleMs = 500;
/** Time for the last bytes, and for the answer to a signal. */
const graceMs = 5000;

/**
 * 5,000 streams open at a time, each an event a second, of a target that has just started: its memory, how late its event loop is, and, as all
 * streams come to their end, how many events did not arrive.
 */
export async function openStreams(order: Order): Promise<Values> {
  const { proxyPid, loopDelayFile } = order;
  if (proxyPid === undefined || loopDelayFile === undefined)
    throw new Error('open streams are measured of a proxy whose event loop is watched');
  const idleKilobytes = residentKilobytes(proxyPid);
  const events = Math.ceil((openingMs + settleMs) / paceMs + order.seconds) + 2;
  const run = new OpenStreams({ port: order.port, count: manyStreams, events, paceMs });
  await run.open();
  await delay(settleMs);
  await loopDelay(proxyPid, loopDelayFile);
  const close = openWindow(order);
  run.latenciesUs = [];
  await delay(order.seconds * 1000);
  const { latenciesUs } = run;
  const { proxyCpuUs, foreignShare } = close();
  const openKilobytes = residentKilobytes(proxyPid);
  const late = await loopDelay(proxyPid, loopDelayFile);
  const lostEvents = await run.lost();
  const [p50Us, p99Us] = [percentile(latenciesUs, 0.5), percentile(latenciesUs, 0.99)];
  return { idleKilobytes, openKilobytes, cpuUs: proxyCpuUs / latenciesUs.length, p50Us, p99Us, ...late, lostEvents, foreignShare };
}

/** Which streams are opened: how many, of how many events each, with that long between two. */
interface StreamsToOpen {
  port: number;
  count: number;
  events: number;
  paceMs: number;
}

/** Streams that are opened little by little and then run to their ends. */
export class OpenStreams {
  readonly #wanted: StreamsToOpen;
  readonly #bytes: Uint32Array;
  #open: number;
  readonly #ended = Promise.withResolvers<void>();
  /** From the upstream's sending an event to its arrival. */
  latenciesUs: number[] = [];

  constructor(wanted: StreamsToOpen) {
    this.#wanted = wanted;
    this.#open = wanted.count;
    this.#bytes = new Uint32Array(wanted.count);
  }

  async open(): Promise<void> {
    const { port, count, events, paceMs } = this.#wanted;
    const request = chatRequest(port, { paceMs, events });
    for (let opened = 0; opened < count; opened += openedAtATime) {
      const batch = Array.from({ length: Math.min(openedAtATime, count - opened) }, (_, index) => this.#ask(opened + index, request));
      await Promise.all([...batch, delay((openingMs * openedAtATime) / manyStreams)]);
    }
  }

  /** Waits for the streams to end; gives how many of their events have not arrived. */
  async lost(): Promise<number> {
    const { events, paceMs } = this.#wanted;
    await Promise.race([this.#ended.promise, delay(events * paceMs + graceMs)]);
    return this.#bytes.reduce((sum, bytes) => sum + (bytes === streamBytes(events) ? 0 : this.#missing(bytes)), 0);
  }

  #missing(bytes: number): number {
    // One that lacks no event but its end, or has too much, is not whole either.
    return Math.max(1, this.#wanted.events - Math.floor(bytes / eventBytes));
  }

  async #ask(index: number, request: Buffer): Promise<void> {
    let open = true;
    const onEnd = () => {
      if (open) this.#open -= 1;
      open = false;
      if (this.#open === 0) this.#ended.resolve();
    };
    const onBody = (piece: Buffer) => {
      this.#bytes[index]! += piece.length;
      const now = nowUs();
      for (const stamp of stamps(piece)) this.latenciesUs.push(now - stamp);
    };
    const socket = await connect(this.#wanted.port, { onBody, onEnd }, onEnd);
    socket.write(request);
  }
}

/** How late the target's event loop was since it was last asked. */
async function loopDelay(pid: number, path: string): Promise<Pick<Values, 'loopDelayP99Ms' | 'loopDelayMaxMs'>> {
  rmSync(path, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += 10) {
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Values;
    await delay(10);
  }
  throw new Error('the target does not say how late its event loop was');
}
