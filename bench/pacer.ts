/** A thread that sends requests on time: it writes to the sockets itself, so neither timers nor a busy reader hold a request back. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { nowUs } from './payload.ts';

/** What the thread is given. Both arrays are shared with the reader and have a place for each connection. */
export interface Pace {
  sockets: number[];
  request: Uint8Array;
  /** 0: free, 1: waiting for an answer. */
  busy: Int32Array<SharedArrayBuffer>;
  /** When the request on this connection was due, by `nowUs`. */
  dueUs: Float64Array<SharedArrayBuffer>;
  startUs: number;
  requests: number;
  perSecond: number;
}

/** Sleeps end late by about this much, so the rest is spent spinning; longer would take the core from the upstream. */
const spinUs = 60;

const { sockets, request, busy, dueUs, startUs, requests, perSecond } = workerData as Pace;
const never = new Int32Array(new SharedArrayBuffer(4));

for (let sent = 0; sent < requests; sent += 1) {
  const due = startUs + (sent * 1e6) / perSecond;
  for (let left = due - nowUs(); left > 0; left = due - nowUs()) {
    if (left > spinUs) Atomics.wait(never, 0, 0, (left - spinUs) / 1e3);
  }
  let connection = busy.indexOf(0);
  while (connection < 0) {
    Atomics.wait(busy, 0, 1, 1);
    connection = busy.indexOf(0);
  }
  dueUs[connection] = due;
  Atomics.store(busy, connection, 1);
  writeSync(sockets[connection]!, request);
}
