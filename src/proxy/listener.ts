import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { isCrossSite, isLoopbackHost } from '../core/cross-site.ts';
import type { Dialect, RequestFacts } from '../core/dialect.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import type { Agent, Exchange, Handler } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import { headerValue } from '../core/headers.ts';
import type { Journal } from '../core/journal.ts';
import { AgentRequest } from './agent-request.ts';
import { CallRecord } from './call-record.ts';
import { CallsInFlight } from './calls-in-flight.ts';
import { announcedLength, framingProblem, type Refusal } from './framing.ts';
import { noBody, ReplayBody } from './request-body.ts';
import { isAgentName, parseTarget } from './request-target.ts';
import type { Router } from './router.ts';
import { type Connection, ServedCall, type ServingOptions } from './served-call.ts';
import type { Limits, Listen } from './settings.ts';

/** A route of the configuration in force, with its stacks. */
export interface ActiveRoute {
  path: string;
  upstream: string;
  dialect(request: RequestFacts): Dialect;
  handler(agent: Agent): Handler;
}

/** What is replaced as a whole when the configuration changes. */
export interface Plane {
  router: Router<ActiveRoute>;
  /** The format in which a caller is told that there is no route for it. */
  callerDialect(request: RequestFacts): Dialect;
  limits: Limits;
  responseHeaders: boolean;
  suppressClientRetries: boolean;
}

export interface Listener {
  readonly port: number;
  readonly host: string;
  readonly callsInFlight: number;
  /** Takes no new calls, lets those under way end for at most `timeoutMs`, then breaks them off. */
  drain(timeoutMs: number): Promise<void>;
  /** Closes every connection at once. */
  stop(): Promise<void>;
}

export interface ListenerOptions {
  listen: Listen;
  plane(): Plane;
  journal: Journal;
  clock: Clock;
  /** Local ports of our own connections to upstreams on this machine: a call from one of them has gone in a circle. */
  ownPorts: ReadonlySet<number>;
}

const unrouted = 'none';

/** Starts listening for agents. Rejects if the address cannot be had. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { listen, plane, journal, clock, ownPorts } = options;
  const calls = new CallsInFlight();
  const { limits } = plane();
  let draining = false;

  const serverOptions = {
    maxHeaderSize: limits.headers,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    connectionsCheckingInterval: 5000,
    keepAliveTimeout: 75_000,
    noDelay: true,
    // Anything else that a client wants to upgrade to is answered as if it had not asked (RFC 9110, 7.8).
    shouldUpgradeCallback: (request: IncomingMessage) => request.headers.upgrade?.toLowerCase() === 'websocket',
  };
  const server: Server =
    listen.cert === undefined || listen.key === undefined
      ? createServer(serverOptions)
      : createTlsServer({ ...serverOptions, cert: readFileSync(listen.cert), key: readFileSync(listen.key), minVersion: 'TLSv1.2' });
  server.maxConnections = limits.connections;

  const serving = (): ServingOptions => ({
    responseHeaders: plane().responseHeaders,
    suppressClientRetries: plane().suppressClientRetries,
    now: () => clock.now(),
    draining: () => draining,
  });

  server.on('request', (message, response) => void serve(message, response, false));
  server.on('checkContinue', (message, response) => void serve(message, response, true));
  server.on('checkExpectation', (message, response) => void serve(message, response, false));
  server.on('connect', (message, socket) => void upgrade(message, socket, Buffer.alloc(0)));
  server.on('upgrade', (message, socket, head) => void upgrade(message, socket, head));
  server.on('clientError', refuseUnparsed);

  async function serve(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    const { limits: current } = plane();
    const length = announcedLength(message);
    let call: ServedCall | undefined;
    const body =
      length === 0
        ? noBody
        : new ReplayBody(message, length, {
            replayBytes: current.replayBody,
            limitBytes: current.requestBody,
            onTooLarge: () => call?.abort({ verdict: 'client-error', code: 'body_too_large', message: tooLarge(current) }),
            ...(expectsContinue && { onWanted: () => response.writeContinue() }),
          });
    const connection: Connection = {
      response,
      socket: message.socket,
      requestBytes: () => (body instanceof ReplayBody ? body.receivedBytes : 0),
      requestComplete: () => message.complete,
    };
    call = admit(message, connection, body, undefined);
    await call.done;
    if (body instanceof ReplayBody) body.release();
  }

  async function upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // The sockets of node:http and node:https servers are net.Sockets.
    const agent = socket as Socket;
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(agent);
    const early = head.byteLength > 0 ? [head] : [];
    // Only a socket that is read tells that the agent has left.
    const collect = (chunk: Buffer) => {
      early.push(chunk);
      if (early.length > 64) agent.pause();
    };
    const left = () => agent.destroy();
    agent.on('data', collect);
    agent.on('end', left);
    agent.on('error', left);
    const connection: Connection = {
      response,
      socket: agent,
      requestBytes: () => 0,
      requestComplete: () => true,
      takeEarly: () => {
        agent.off('data', collect);
        agent.off('end', left);
        agent.pause();
        return Buffer.concat(early);
      },
    };
    await admit(message, connection, noBody, message.headers.upgrade).done;
  }

  /** Checks a request, finds its route and lets it run. */
  function admit(message: IncomingMessage, connection: Connection, body: ReplayBody | typeof noBody, protocol: string | undefined) {
    const method = message.method ?? 'GET';
    const target = parseTarget(message.url ?? '/', (authority) => isOwnAuthority(authority, message.socket));
    const path = target.kind === 'path' ? target.path : '/';
    const found = target.kind === 'path' ? plane().router.match(path) : 'none';
    const matched = typeof found === 'object' ? found : undefined;
    const facts: RequestFacts = { method, path: matched?.rest ?? path, headers: message.rawHeaders };
    const refusal = refusalOf(message, target, found, body, protocol);
    const dialect = matched ? matched.route.dialect(facts) : plane().callerDialect(facts);
    const agent = agentOf(message, target.kind === 'path' ? target.agent : undefined);
    const session = headerValue(message.rawHeaders, 'x-outrigger-session');
    const record = new CallRecord(
      {
        id: randomUUID(),
        agent,
        ...(session !== undefined && { session }),
        route: matched?.route.path ?? unrouted,
        upstream: matched?.route.upstream ?? unrouted,
        method,
        startedAt: clock.now(),
      },
      journal,
    );
    const call = new ServedCall(record, connection, dialect, serving());
    calls.add(call);
    if (refusal || !matched) {
      call.refuse(failure(refusal?.code ?? 'no_route', refusal?.message ?? 'No route.'));
    } else {
      const request = new AgentRequest(
        message,
        matched.rest,
        dialect,
        body,
        {
          described: ({ model }) => {
            record.model = model;
          },
          hinted: (headers) => writeHints(connection.response, headers),
        },
        protocol,
      );
      call.run(matched.route.handler(agent), exchangeOf(call, request, matched.route, dialect));
    }
    void call.done.then(() => calls.remove(call));
    return call;
  }

  function refusalOf(
    message: IncomingMessage,
    target: ReturnType<typeof parseTarget>,
    found: ReturnType<Router<ActiveRoute>['match']>,
    body: ReplayBody | typeof noBody,
    protocol: string | undefined,
  ): Refusal | undefined {
    if (message.method === 'CONNECT') return { code: 'method_not_allowed', message: 'CONNECT is not served: this is no forward proxy.' };
    const framing = framingProblem(message);
    if (framing) return framing;
    if (protocol !== undefined && announcedLength(message) !== 0) return { code: 'bad_request', message: 'An upgrade cannot have a body.' };
    if (isCrossSite(message.rawHeaders))
      return { code: 'forbidden', message: 'Browsers may not call the sidecar on behalf of another site.' };
    const { remotePort } = message.socket;
    if (remotePort !== undefined && ownPorts.has(remotePort)) {
      return { code: 'loop_detected', message: 'The call comes from the sidecar itself: an upstream URL points back at it.' };
    }
    if (target.kind === 'refused') return target;
    if (draining) return { code: 'draining', message: 'The sidecar is shutting down.' };
    if (found === 'ambiguous') return { code: 'bad_request', message: 'The path can be read as another route than the one it names.' };
    if (found === 'none') {
      const known = plane().router.paths.join(', ');
      return { code: 'no_route', message: `No route matches this path. Routes: ${known}.` };
    }
    const { limits: current } = plane();
    if ((body.length ?? 0) > current.requestBody) return { code: 'body_too_large', message: tooLarge(current) };
    return undefined;
  }

  function exchangeOf(call: ServedCall, request: AgentRequest, route: ActiveRoute, dialect: Dialect): Exchange {
    const home = { upstream: route.upstream };
    const { record } = call;
    return {
      id: record.id,
      agent: record.agent,
      ...(record.session !== undefined && { session: record.session }),
      request,
      home,
      target: home,
      dialect,
      attempt: 0,
      limits: { firstBytePhase: 'firstByte' },
      deadline: Number.POSITIVE_INFINITY,
      signal: call.signal,
      note: record.note,
      opened: { attempts: 0, outcomes: [] },
    };
  }

  const { host, port } = splitAddress(listen.address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

  return {
    host,
    port: (server.address() as AddressInfo).port,
    get callsInFlight() {
      return calls.count;
    },
    async drain(timeoutMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = clock.timer(timeoutMs, () => {
        for (const call of calls) call.abort({ verdict: 'refused', code: 'draining', message: 'The sidecar is shutting down.' });
      });
      await calls.empty();
      timer.cancel();
      server.closeAllConnections();
      await closed;
    },
    stop() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      for (const call of calls) call.abort({ verdict: 'cancelled', code: 'draining', message: 'The sidecar has stopped.' });
      return closed;
    },
  };
}

function tooLarge(limits: Limits): string {
  return `The request body is above the limit of ${limits.requestBody} bytes (limits.requestBody).`;
}

function agentOf(message: IncomingMessage, fromPath: string | undefined): Agent {
  const named = headerValue(message.rawHeaders, 'x-outrigger-agent')?.trim().toLowerCase();
  if (named !== undefined && isAgentName(named)) return { name: named, source: 'header' };
  return fromPath === undefined ? { name: 'default', source: 'default' } : { name: fromPath, source: 'path' };
}

/** Whether an absolute-form target names the address that this connection came in on. */
function isOwnAuthority(authority: string, socket: Socket): boolean {
  const url = URL.parse(`http://${authority}`);
  if (!url || url.username !== '' || url.password !== '') return false;
  const port = url.port === '' ? 80 : Number(url.port);
  return port === socket.localPort && (isLoopbackHost(url.hostname) || url.hostname === socket.localAddress);
}

/** Node sends early hints as names with values and needs a Link among them. */
function writeHints(response: ServerResponse, headers: readonly string[]): void {
  if (response.headersSent || response.closed || response.req.httpVersion !== '1.1') return;
  const hints: Record<string, string | string[]> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const before = hints[name];
    const value = headers[i + 1] as string;
    hints[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  try {
    response.writeEarlyHints(hints);
  } catch {
    // Node refuses Link values that it cannot read; a hint is only a hint.
  }
}

const unparsed: Readonly<Record<string, { status: string; code: ErrorCode }>> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', code: 'headers_too_large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: '413 Content Too Large', code: 'body_too_large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', code: 'bad_request' },
};

/** Answers bytes that are no HTTP request, where there is still somebody to answer. */
function refuseUnparsed(error: Error, socket: Duplex): void {
  if (!socket.writable || ('_httpMessage' in socket && socket._httpMessage)) {
    socket.destroy();
    return;
  }
  const { status, code } = unparsed['code' in error ? String(error.code) : ''] ?? { status: '400 Bad Request', code: 'bad_request' };
  const body = JSON.stringify({ type: 'about:blank', title: status.slice(4), status: Number(status.slice(0, 3)), code });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nproxy-status: outrigger; error=http_request_error\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Host and port of a checked `host:port` or `[v6]:port`. */
export function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}
