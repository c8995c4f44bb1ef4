import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { assertAnswer, connect } from './connect.ts';
import type { Order, Values } from './measurement.ts';
import type { Pace } from './pacer.ts';
import { answerBody, chatRequest, nowUs } from './payload.ts';
import { percentile } from './statistics.ts';
import { openWindow } from './window.ts';

const connections = 128;
const warmUpSeconds = 1;

/**
 * Requests at a fixed rate, however fast they are answered. A latency counts from the moment at which the request was due, so a target
 * that holds requests up is charged for those that had to wait behind them.
 */
export async function fixedRate(order: Order, perSecond: number): Promise<Values> {
  const warmUp = perSecond * warmUpSeconds;
  const requests = warmUp + Math.round(perSecond * order.seconds);
  const busy = new Int32Array(new SharedArrayBuffer(connections * Int32Array.BYTES_PER_ELEMENT));
  const dueUs = new Float64Array(new SharedArrayBuffer(connections * Float64Array.BYTES_PER_ELEMENT));
  const latenciesUs: number[] = [];
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  let answers = 0;
  let close: ReturnType<typeof openWindow> | undefined;

  const onAnswer = (connection: number) => {
    if (answers >= warmUp) latenciesUs.push(nowUs() - dueUs[connection]!);
    Atomics.store(busy, connection, 0);
    answers += 1;
    if (answers === warmUp) close = openWindow(order);
    if (answers === requests) resolve();
  };
  const sockets: number[] = [];
  for (let index = 0; index < connections; index += 1) {
    const socket = await connect(order.port, {
      onEnd(status, bodyBytes) {
        assertAnswer(status, bodyBytes, answerBody.length);
        onAnswer(index);
      },
    });
    sockets.push(descriptor(socket));
  }
  const request = chatRequest(order.port, { headers: order.headers });
  const pace: Pace = { sockets, request, busy, dueUs, startUs: nowUs() + 2e5, requests, perSecond };
  new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace });
  await answered;
  const { seconds, proxyCpuUs, foreignShare } = close!();
  return {
    cpuUs: proxyCpuUs / latenciesUs.length,
    perSecond: latenciesUs.length / seconds,
    p50Us: percentile(latenciesUs, 0.5),
    p99Us: percentile(latenciesUs, 0.99),
    foreignShare,
  };
}

/** The file descriptor of a socket, which Node keeps to itself. */
export function descriptor(socket: Socket): number {
  return (socket as Socket & { _handle: { fd: number } })._handle.fd;
}
