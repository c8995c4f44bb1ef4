import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawHeaders } from '../core/headers.ts';
import type { Ending, Tunnel } from '../core/outcome.ts';

/** A tunnel over the upstream's side of an upgraded connection. It ends when that socket has closed. */
export function createTunnel(headers: RawHeaders, socket: Duplex): Tunnel {
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  let bytes = 0;
  let verdict: Ending['verdict'] = 'ok';
  let cause: unknown;
  socket.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
  });
  // Listening for data starts the flow; hold it until somebody reads.
  socket.pause();
  socket.on('error', (error) => {
    verdict = 'network';
    cause = error;
  });
  socket.on('close', () => resolve({ verdict, complete: verdict === 'ok', bytes, ...(cause !== undefined && { cause }) }));
  return {
    kind: 'tunnel',
    statusText: 'Switching Protocols',
    headers,
    socket,
    head: new Uint8Array(0),
    ended,
    source: socket,
    discard: () => {
      socket.destroy();
    },
  };
}

/**
 * Joins the two sides of a tunnel until either closes, with back-pressure both ways. What one side does to its end (FIN
 * or reset) the other sees.
 */
export function join(agent: Socket, tunnel: Tunnel): void {
  const { socket } = tunnel;
  if (tunnel.head.byteLength > 0) agent.write(tunnel.head);
  agent.pipe(socket);
  socket.pipe(agent);
  agent.on('error', () => socket.destroy());
  agent.on('close', () => socket.destroy());
  socket.on('close', () => agent.destroySoon());
}
