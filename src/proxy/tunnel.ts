import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { EndingCell } from '../core/ending-cell.ts';
import type { RawHeaders } from '../core/headers.ts';
import type { Ending, Tunnel } from '../core/outcome.ts';

/** A tunnel over the upstream's side of an upgraded connection. It ends when that socket has closed. */
export function createTunnel(headers: RawHeaders, socket: Duplex): Tunnel {
  // The sockets that undici hands over are net.Sockets.
  const bytesRead = () => (socket as Socket).bytesRead;
  const before = bytesRead();
  const end = new EndingCell();
  let verdict: Ending['verdict'] = 'ok';
  let cause: unknown;
  socket.on('error', (error) => {
    verdict = 'network';
    cause = error;
  });
  socket.on('close', () =>
    end.settle({ verdict, complete: verdict === 'ok', bytes: bytesRead() - before, ...(cause !== undefined && { cause }) }),
  );
  return {
    kind: 'tunnel',
    statusText: 'Switching Protocols',
    headers,
    socket,
    head: new Uint8Array(0),
    get ended() {
      return end.promise;
    },
    whenEnded: (fn) => end.when(fn),
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
