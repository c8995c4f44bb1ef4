import { setTimeout as delay } from 'node:timers/promises';
import { assertAnswer, connect, total } from './connect.ts';
import type { Order, Values } from './measurement.ts';
import { chatRequest, eventBytes, eventCount, nowUs, stampDigits, stampMark, streamBytes } from './payload.ts';
import { percentile } from './statistics.ts';
import { openWindow } from './window.ts';

const paceMs = 20;

/** How many streams are open at a time, how many events each has, and for how long they run before anything is measured. */
interface Streams {
  connections: number;
  events: number;
  warmUpMs: number;
}

/** 400 streams at a time, each an event every 20 ms and followed by the next. Every event carries the time at which the upstream sent it. */
export function streams(order: Order): Promise<Values> {
  // As for saturation: V8 takes seconds until what streams pass through is optimised.
  return streaming(order, { connections: 400, events: eventCount, warmUpMs: 8000 });
}

/** Ten short streams at a time, so few that none waits for another: how long the first byte of each takes. */
export function firstByte(order: Order): Promise<Values> {
  return streaming(order, { connections: 10, events: 8, warmUpMs: 1000 });
}

async function streaming(order: Order, { connections, events, warmUpMs }: Streams): Promise<Values> {
  const generationMs = paceMs * events;
  const request = chatRequest(order.port, { paceMs, events });
  const bodyBytes = new Uint32Array(connections);
  let latenciesUs: number[] = [];
  let firstBytesUs: number[] = [];
  const open = async (index: number) => {
    let askedUs = 0;
    let first = true;
    const ask = () => {
      askedUs = nowUs();
      first = true;
      socket.write(request);
    };
    const socket = await connect(order.port, {
      onBody(piece) {
        const now = nowUs();
        if (first) firstBytesUs.push(now - askedUs);
        first = false;
        bodyBytes[index]! += piece.length;
        for (const stamp of stamps(piece)) latenciesUs.push(now - stamp);
      },
      onEnd(status, bytes) {
        assertAnswer(status, bytes, streamBytes(events));
        ask();
      },
    });
    ask();
  };
  for (let index = 0; index < connections; index += 1) {
    await open(index);
    await delay(generationMs / connections);
  }
  await delay(Math.max(generationMs, warmUpMs * order.warmUp));
  const close = openWindow(order);
  bodyBytes.fill(0);
  latenciesUs = [];
  firstBytesUs = [];
  await delay(order.seconds * 1000);
  const { seconds, proxyCpuUs, foreignShare } = close();
  const count = total(bodyBytes, foreignShare) / eventBytes;
  return {
    cpuUs: proxyCpuUs / count,
    perSecond: count / seconds,
    firstByteP50Us: percentile(firstBytesUs, 0.5),
    firstByteP99Us: percentile(firstBytesUs, 0.99),
    p50Us: percentile(latenciesUs, 0.5),
    p99Us: percentile(latenciesUs, 0.99),
    foreignShare,
  };
}

/** The stamps in a piece of a body. One that is cut by the end of the piece is left out. */
export function stamps(piece: Buffer): number[] {
  const found: number[] = [];
  for (let at = piece.indexOf(stampMark); at >= 0; at = piece.indexOf(stampMark, at + 1)) {
    const digits = piece.toString('latin1', at + stampMark.length, at + stampMark.length + stampDigits);
    if (digits.length === stampDigits) found.push(Number(digits));
  }
  return found;
}
