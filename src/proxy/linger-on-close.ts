import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long an agent may go on sending a body that nobody reads before the connection is cut. */
const lingerMs = 1000;

/**
 * The answer is out before the agent has sent all of its body. Closing at once would reset the connection and take the
 * answer from under the agent (RFC 9112, 9.6): send FIN, read on for a while, then close.
 */
export function lingerOnClose(response: ServerResponse, socket: Socket): void {
  response.shouldKeepAlive = false;
  // What Node calls on the socket of a response that was the last of its connection.
  const destroySoon = () => {
    if (socket.writable) socket.end();
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
    response.req.resume();
  };
  socket.destroySoon = destroySoon;
}
