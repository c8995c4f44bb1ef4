import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { EndingCell } from '../core/ending-cell.ts';
import type { RawHeaders } from '../core/headers.ts';
import type { Ending, Tunnel } from '../core/outcome.ts';
import type { TunnelWatcher } from '../core/tunnel-watcher.ts';

const noBytes = new Uint8Array(0);

/** A tunnel over the upstream's side of an upgraded connection. It ends when that socket has closed. */
export function createTunnel(headers: RawHeaders, socket: Duplex, watcher?: TunnelWatcher): Tunnel {
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
  socket.on('close', () => {
    watcher?.end();
    end.settle({ verdict, complete: verdict === 'ok', bytes: bytesRead() - before, ...(cause !== undefined && { cause }) });
  });
  return {
    kind: 'tunnel',
    statusText: 'Switching Protocols',
    headers,
    socket,
    head: noBytes,
    watcher,
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
 * or reset) the other sees. `early`: what the agent sent behind its request.
 */
export function join(agent: Socket, tunnel: Tunnel, early: Uint8Array = noBytes): void {
  const { socket, watcher } = tunnel;
  if (tunnel.head.byteLength > 0) agent.write(tunnel.head);
  if (early.byteLength > 0) socket.write(early);
  agent.pipe(socket);
  socket.pipe(agent);
  if (watcher) {
    // Behind the pipes, so that every byte goes on before it is looked at.
    watcher.sent(early);
    watcher.received(tunnel.head);
    agent.on('data', (bytes: Buffer) => watcher.sent(bytes));
    socket.on('data', (bytes: Buffer) => watcher.received(bytes));
    agent.once('end', () => watcher.left());
    agent.once('close', () => watcher.left());
  }
  agent.on('error', () => socket.destroy());
  agent.on('close', () => socket.destroy());
  socket.on('close', () => agent.destroySoon());
}
