import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { assertAnswer, connect, total } from './connect.ts';
import type { Order, Values } from './measurement.ts';
import { answerBody, chatRequest } from './payload.ts';
import { peakKilobytes } from './processes.ts';
import { openWindow } from './window.ts';

/** How a target is saturated. */
export interface Saturation {
  connections: number;
  /** V8 takes seconds of full load until a whole proxy runs as code that it has optimised. */
  warmUpMs: number;
  /** The next request of a connection; its bytes may be changed once the answer is there. */
  next: (connection: number) => Buffer;
}

/** As many plain chat requests as the target takes. For a target that has just started: it tells the peak of its memory. */
export async function saturation(order: Order): Promise<Values> {
  const request = chatRequest(order.port, { headers: order.headers });
  const values = await saturate(order, { connections: 32, warmUpMs: 8000, next: () => request });
  return { ...values, ...(order.proxyPid !== undefined && { peakKilobytes: peakKilobytes(order.proxyPid) }) };
}

/** As many requests as the target takes: each connection sends the next one when it has its answer. */
export async function saturate(order: Order, { connections, warmUpMs, next }: Saturation): Promise<Values> {
  const { answers } = await askOnAndOn(order.port, connections, next);
  await delay(warmUpMs * order.warmUp);
  const close = openWindow(order);
  answers.fill(0);
  await delay(order.seconds * 1000);
  const { seconds, proxyCpuUs, foreignShare } = close();
  const count = total(answers, foreignShare);
  return { cpuUs: proxyCpuUs / count, perSecond: count / seconds, foreignShare };
}

/** Connections that ask again whenever they have their answer, until they are stopped; `answers` counts those of each. */
export async function askOnAndOn(port: number, connections: number, next: Saturation['next']) {
  const answers = new Uint32Array(connections);
  const sockets: Socket[] = [];
  for (let index = 0; index < connections; index += 1) {
    const socket = await connect(port, {
      onEnd(status, bodyBytes) {
        assertAnswer(status, bodyBytes, answerBody.length);
        answers[index]! += 1;
        socket.write(next(index));
      },
    });
    sockets.push(socket);
    socket.write(next(index));
  }
  const stop = () => {
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
  };
  return { answers, stop };
}
