import { connect as connectSocket, type Socket } from 'node:net';
import { type ResponseListener, ResponseReader } from './response-reader.ts';
import { foreignLimit } from './window.ts';

/**
 * Connects to a target and reads responses into `listener`. Any error, and a connection that closes before we close it, ends the process:
 * a target that does this has failed the benchmark. Where broken connections are counted instead, `onClose` takes them.
 */
export async function connect(port: number, listener: ResponseListener, onClose = failRun): Promise<Socket> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  const reader = new ResponseReader(listener);
  socket.on('data', (data: Buffer) => reader.push(data));
  socket.on('close', onClose);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

function failRun(): void {
  throw new Error('the target closed a connection');
}

/** Throws unless the answer has status 200 and a body of the right size. */
export function assertAnswer(status: number, bodyBytes: number, expectedBytes: number): void {
  if (status === 200 && bodyBytes === expectedBytes) return;
  throw new Error(`wrong answer: status ${status}, ${bodyBytes} bytes instead of ${expectedBytes}`);
}

/**
 * The sum of what the connections have got. Throws if one of them got nothing, as its answer was lost, unless foreign load may have held it up: then the
 * measurement is thrown away. That none of them got anything is no foreign load.
 */
export function total(counts: Uint32Array, foreignShare: number): number {
  const sum = counts.reduce((all, count) => all + count, 0);
  if (sum === 0 || (counts.includes(0) && foreignShare <= foreignLimit)) throw new Error('a connection got no answer');
  return sum;
}
