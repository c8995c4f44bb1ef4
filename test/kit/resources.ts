import { createHook } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process holds that a leak would show in. */
export interface Resources {
  sockets: number;
  timers: number;
  /** Objects and buffers that are still in use. */
  heapBytes: number;
}

setFlagsFromString('--expose-gc');
// The flag takes effect in contexts made after it.
const collect = runInNewContext('gc') as () => void;

const timers = new Set<number>();
// What Node tells of active resources leaves out the timers that do not keep the process alive.
createHook({
  init(id, kind) {
    if (kind === 'Timeout') timers.add(id);
  },
  destroy(id) {
    timers.delete(id);
  },
}).enable();

/** Sockets, timers and, after a full collection, the heap of this process. */
export async function resources(): Promise<Resources> {
  // What the first collection finalizes, the second one frees.
  for (let i = 0; i < 2; i += 1) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { ...handles(), heapBytes: heapUsed + external };
}

/** Timers that are set. Node tells of the end of one that has fired, as that of whoever polls, only two turns later. */
export async function timersSet(): Promise<number> {
  for (let i = 0; i < 2; i += 1) await new Promise(setImmediate);
  return handles().timers;
}

/** Sockets (TCP and TLS, ends of both sides that live in this process) and timers that were set since this file was loaded. */
export function handles(): Pick<Resources, 'sockets' | 'timers'> {
  const kinds = process.getActiveResourcesInfo();
  const count = (kind: string) => kinds.filter((one) => one === kind).length;
  return { sockets: count('TCPSocketWrap') + count('TLSWrap'), timers: timers.size };
}
