import type { Server, Socket } from 'node:net';

const tcp = Symbol('TCP connection below TLS');

interface Layered extends Socket {
  [tcp]?: Socket;
}

/** Remembers for the TLS connections of a server the TCP connections that carry them: Node resets only those. */
export function rememberTcp(server: Server): void {
  const handshaking = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const key = peerOf(socket);
    handshaking.set(key, socket);
    socket.once('close', () => {
      if (handshaking.get(key) === socket) handshaking.delete(key);
    });
  });
  server.on('secureConnection', (socket: Layered) => {
    const key = peerOf(socket);
    const below = handshaking.get(key);
    handshaking.delete(key);
    if (below) socket[tcp] = below;
  });
}

/** Ends a connection so that nobody takes it for closed in order: by a TCP reset. Never throws. */
export function resetConnection(socket: Layered): void {
  const below = socket[tcp] ?? socket;
  try {
    if (!below.destroyed) below.resetAndDestroy();
  } catch {
    // Neither TCP itself nor known to stand on it.
  }
  socket.destroy();
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
