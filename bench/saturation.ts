import { setTimeout as delay } from 'node:timers/promises';
import { assertAnswer, connect, total } from './connect.ts';
import type { Order, Values } from './measurement.ts';
import { answerBody, chatRequest } from './payload.ts';
import { openWindow } from './window.ts';

const connections = 32;
/** V8 takes seconds of full load until a whole proxy runs as code that it has optimised. */
const warmUpMs = 8000;

/** As many requests as the target takes: each connection sends the next one when it has its answer. */
export async function saturation(order: Order): Promise<Values> {
  const request = chatRequest(order.port);
  const answers = new Uint32Array(connections);
  for (let index = 0; index < connections; index += 1) {
    const socket = await connect(order.port, {
      onEnd(status, bodyBytes) {
        assertAnswer(status, bodyBytes, answerBody.length);
        answers[index]! += 1;
        socket.write(request);
      },
    });
    socket.write(request);
  }
  await delay(warmUpMs);
  const close = openWindow(order);
  answers.fill(0);
  await delay(order.seconds * 1000);
  const count = total(answers);
  const { seconds, proxyCpuUs, foreignShare } = close();
  return { cpuUs: proxyCpuUs / count, perSecond: count / seconds, foreignShare };
}
