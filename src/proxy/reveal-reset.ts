import type { Socket } from 'node:net';

/** What a reset by the upstream is called once `revealReset` has seen it. */
export const resetCode = 'RESET_BY_PEER';

/**
 * undici takes a reset for the end of a body that has neither a length nor chunks. Under another code it is to undici what
 * it is to us: the body was cut.
 */
export function revealReset(socket: Socket): void {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = resetCode;
  });
}
