import type { Socket } from 'node:net';
import type { ServedCall } from './served-call.ts';

const current = Symbol('call under way');
const closing = Symbol('closing');

/** What we keep on an agent's connection: on the socket itself, as a table of them would keep dead calls alive. */
interface AgentSocket extends Socket {
  [current]?: ServedCall | undefined;
  [closing]?: boolean;
}

/** The call that the connection carries now, or carried last if that has not ended. */
export function callOn(socket: AgentSocket): ServedCall | undefined {
  return socket[current];
}

/** Ties a call to its connection, until `letGo`. */
export function carry(socket: AgentSocket, call: ServedCall): void {
  socket[current] = call;
}

/** The call is over. */
export function letGo(socket: AgentSocket, call: ServedCall): void {
  if (socket[current] === call) socket[current] = undefined;
}

/** The connection ends with the call that it carries: what comes behind is no request (RFC 9112, 9.6). */
export function closeAfterCall(socket: AgentSocket): void {
  socket[closing] = true;
}

export function isClosing(socket: AgentSocket): boolean {
  return socket.destroyed || socket[closing] === true;
}
