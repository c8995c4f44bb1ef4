import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isCrossSite, isLoopbackHost } from './cross-site.ts';
import { announcedLength, framingProblem, type Refusal } from './framing.ts';
import type { OwnConnections } from './own-connections.ts';
import type { RequestTarget } from './request-target.ts';
import type { Match } from './router.ts';
import type { Limits } from './settings.ts';

/** What a request asks for, as far as its head tells. */
export interface Asked {
  target: RequestTarget;
  found: Match<unknown> | 'none' | 'ambiguous';
  /** Announced length of the body; undefined for a chunked one. */
  length: number | undefined;
  upgrades: boolean;
}

/** What the answer depends on besides. */
export interface Terms {
  limits: Limits;
  /** Path prefixes, to tell a lost caller. */
  routes: () => readonly string[];
  own: OwnConnections;
}

/** Why a request is not served, judged by its head alone; undefined if it is. */
export function refusalOf(message: IncomingMessage, { target, found, length, upgrades }: Asked, terms: Terms): Refusal | undefined {
  if (message.method === 'CONNECT')
    return { code: 'method_not_allowed', message: 'CONNECT is not served: this is no forward proxy.', closes: true };
  const framing = framingProblem(message);
  if (framing) return framing;
  if (upgrades && announcedLength(message) !== 0) return { code: 'bad_request', message: 'An upgrade cannot have a body.', closes: true };
  if (isCrossSite(message.rawHeaders))
    return { code: 'forbidden', message: 'Browsers may not call the sidecar on behalf of another site.' };
  if (terms.own.has(message.socket)) {
    return { code: 'loop_detected', message: 'The call comes from the sidecar itself: an upstream URL points back at it.' };
  }
  if (target.kind === 'refused') return { code: target.code, message: target.message, closes: true };
  if (found === 'ambiguous') return { code: 'bad_request', message: 'The path can be read as another route than the one it names.' };
  if (found === 'none') return { code: 'no_route', message: `No route matches this path. Routes: ${terms.routes().join(', ')}.` };
  if ((length ?? 0) > terms.limits.requestBody) return { code: 'body_too_large', message: tooLarge(terms.limits), closes: true };
  return undefined;
}

/** Says which limit a body is above. */
export function tooLarge(limits: Limits): string {
  return `The request body is above the limit of ${limits.requestBody} bytes (limits.requestBody).`;
}

/** Whether an absolute-form target names the address that this connection came in on. */
export function isOwnAuthority(authority: string, socket: Socket): boolean {
  const url = URL.parse(`http://${authority}`);
  if (url?.username !== '' || url.password !== '') return false;
  const port = url.port === '' ? 80 : Number(url.port);
  return port === socket.localPort && (isLoopbackHost(url.hostname) || url.hostname === socket.localAddress);
}
