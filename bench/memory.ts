import { setTimeout as delay } from 'node:timers/promises';
import { connect } from './connect.ts';
import type { Order, Values } from './measurement.ts';
import { chatRequest, eventBytes } from './payload.ts';
import { residentKilobytes } from './processes.ts';

const connections = 1000;
const paceMs = 500;
/** Events that come late, where the machine is busy, are not lost. */
const graceMs = 10_000;

/** Resident memory before the first request and with 1,000 streams open, each an event every 500 ms. For a target that has just started. */
export async function memory(order: Order): Promise<Values> {
  const { proxyPid } = order;
  if (proxyPid === undefined) throw new Error('memory is measured of a proxy');
  const request = chatRequest(order.port, { paceMs });
  const idleKilobytes = residentKilobytes(proxyPid);
  const bytes = new Int32Array(connections);
  for (let index = 0; index < connections; index += 1) {
    const socket = await connect(order.port, {
      onBody(piece) {
        bytes[index]! += piece.length;
      },
      onEnd(status, bodyBytes) {
        throw new Error(`a stream ended early: status ${status}, ${bodyBytes} bytes`);
      },
    });
    socket.write(request);
  }
  await delay(paceMs + order.seconds * 1000);
  // Two events come at once, and each pace after that brings one more; a stream may be one event behind.
  const due = Math.floor((paceMs + order.seconds * 1000) / paceMs) * eventBytes;
  const isBehind = () => bytes.some((count) => count < due);
  for (let waitedMs = 0; isBehind() && waitedMs < graceMs; waitedMs += paceMs) await delay(paceMs);
  if (isBehind()) throw new Error('a stream lost events');
  return { idleKilobytes, openKilobytes: residentKilobytes(proxyPid) };
}
