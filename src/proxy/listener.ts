import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { Dialect, RequestFacts } from '../core/dialect.ts';
import type { Agent, Caller, Exchange, Handler } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import type { RawHeaders } from '../core/headers.ts';
import type { CallInfo, Journal } from '../core/journal.ts';
import type { Tracing } from '../core/trace.ts';
import { splitAddress } from '../settings/address.ts';
import { type Asked, isOwnAuthority, refusalOf, tooLarge } from './admission.ts';
import { AgentRequest } from './agent-request.ts';
import { callOn, carry, closeAfterCall, isClosing, letGo } from './agent-socket.ts';
import { CallRecord } from './call-record.ts';
import { CallsInFlight } from './calls-in-flight.ts';
import { announcedLength, type Refusal } from './framing.ts';
import type { OwnConnections } from './own-connections.ts';
import { refuseUnparsed } from './refuse-unparsed.ts';
import { noBody, ReplayBody } from './request-body.ts';
import { parseTarget } from './request-target.ts';
import { rememberTcp } from './reset-connection.ts';
import type { Router } from './router.ts';
import { type Connection, type ReplyTerms, ServedCall, type ServingOptions } from './served-call.ts';
import type { Limits, Listen } from './settings.ts';

/** A route of the configuration in force, with its stacks. */
export interface ActiveRoute {
  path: string;
  upstream: string;
  dialect(request: RequestFacts): Dialect;
  handler(agent: Agent): Handler;
}

/** What is replaced as a whole when the configuration changes. */
export interface Plane extends ReplyTerms {
  router: Router<ActiveRoute>;
  /** The format in which a caller is told that there is no route for it. */
  callerDialect(request: RequestFacts): Dialect;
  limits: Limits;
  identify(headers: RawHeaders, fromPath: string | undefined, key: string | undefined): Caller;
}

export interface Listener {
  readonly port: number;
  readonly host: string;
  /** The calls of this moment. */
  underWay(): Iterable<CallInfo>;
  /** Takes no new calls, lets those under way end for at most `timeoutMs`, then breaks them off. */
  drain(timeoutMs: number): Promise<void>;
  /** Closes every connection at once. */
  stop(): Promise<void>;
}

export interface ListenerOptions {
  listen: Listen;
  plane: () => Plane;
  journal: Journal;
  clock: Clock;
  /** Undefined where no traces are made. */
  tracing?: Tracing | undefined;
  /** Our own connections to upstreams: a call that comes over one of them has gone in a circle. */
  own: OwnConnections;
}

const unrouted = 'none';

/** Starts listening for agents. Rejects if the address cannot be had. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { listen, plane, journal, clock, own, tracing } = options;
  const calls = new CallsInFlight();
  const { limits } = plane();
  let draining = false;

  const serverOptions = {
    maxHeaderSize: limits.headers,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeout, limits.requestTimeout),
    keepAliveTimeout: 75_000,
    noDelay: true,
    // Refused by ourselves, in the caller's format.
    requireHostHeader: false,
    // Anything else that a client wants to upgrade to is answered as if it had not asked (RFC 9110, 7.8).
    shouldUpgradeCallback: (request: IncomingMessage) =>
      request.headers.upgrade?.toLowerCase() === 'websocket' && request.httpVersion === '1.1',
  };
  const server: Server =
    listen.cert === undefined || listen.key === undefined
      ? createServer(serverOptions)
      : createTlsServer({ ...serverOptions, cert: readFileSync(listen.cert), key: readFileSync(listen.key), minVersion: 'TLSv1.2' });
  if (listen.cert !== undefined) rememberTcp(server);
  server.maxConnections = limits.connections;
  // Else several processes that are full would hand a connection round for ever.
  Object.assign(server, { dropMaxConnection: true });

  const serving: ServingOptions = { now: () => clock.now(), draining: () => draining };

  const over = (call: ServedCall) => {
    calls.remove(call);
    letGo(call.socket, call);
  };

  server.on('request', (message, response) => serve(message, response, false));
  server.on('checkContinue', (message, response) => serve(message, response, true));
  server.on('checkExpectation', (message, response) => serve(message, response, false));
  server.on('connect', (message, socket) => upgrade(message, socket, Buffer.alloc(0)));
  server.on('upgrade', (message, socket, head) => upgrade(message, socket, head));
  server.on('clientError', refuseUnparsed);

  /** Why a request is not run, if it is not. */
  function refuse(message: IncomingMessage, asked: Asked): Refusal | undefined {
    if (draining) return { code: 'draining', message: 'The sidecar is shutting down.' };
    return refusalOf(message, asked, { limits: plane().limits, routes: () => plane().router.paths, own });
  }

  function serve(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    if (callOn(message.socket)) void serveLater(message, response, expectsContinue);
    else serveNow(message, response, expectsContinue);
  }

  /** Pipelined requests run one after the other: only safe ones might run at once (RFC 9112, 9.3.2). */
  async function serveLater(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    for (let before = callOn(message.socket); before; before = callOn(message.socket)) await before.done;
    serveNow(message, response, expectsContinue);
  }

  function serveNow(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { socket } = message;
    if (isClosing(socket)) return;
    if (!response.shouldKeepAlive) closeAfterCall(socket);
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
    call = admit(message, { response, socket, body }, body, undefined);
  }

  function upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
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
    // Node closes the connection of a response only where it has made the response itself. Of a request with a body it hands
    // over a stream around the socket.
    response.on('finish', () => message.socket.destroySoon());
    const connection: Connection = {
      response,
      socket: agent,
      body: noBody,
      takeEarly: () => {
        agent.off('data', collect);
        agent.off('end', left);
        agent.pause();
        return Buffer.concat(early);
      },
    };
    admit(message, connection, noBody, message.headers.upgrade);
  }

  /** Checks a request, finds its route and lets it run. */
  function admit(message: IncomingMessage, connection: Connection, body: ReplayBody | typeof noBody, protocol: string | undefined) {
    const method = message.method ?? 'GET';
    const target = parseTarget(message.url ?? '/', (authority) => isOwnAuthority(authority, message.socket));
    const path = target.kind === 'path' ? target.path : '/';
    const found = target.kind === 'path' ? plane().router.match(path) : 'none';
    const matched = typeof found === 'object' ? found : undefined;
    const facts: RequestFacts = { method, path: matched?.rest ?? path, headers: message.rawHeaders };
    const refusal = refuse(message, { target, found, length: body.length, upgrades: protocol !== undefined });
    const dialect = matched ? matched.route.dialect(facts) : plane().callerDialect(facts);
    const caller = plane().identify(message.rawHeaders, target.kind === 'path' ? target.agent : undefined, keyInQuery(facts.path));
    const { agent } = caller;
    const session = caller.session ?? caller.clientSession;
    const record = new CallRecord(
      {
        id: randomUUID(),
        agent,
        ...(session !== undefined && { session }),
        route: matched?.route.path ?? unrouted,
        upstream: matched?.route.upstream ?? unrouted,
        method,
        startedAt: clock.now(),
        trace: tracing?.begin(message.rawHeaders),
      },
      journal,
    );
    const call = new ServedCall(record, connection, dialect, plane(), serving, over);
    calls.add(call);
    carry(message.socket, call);
    if (refusal || !matched) {
      if (refusal?.closes) {
        connection.response.shouldKeepAlive = false;
        closeAfterCall(message.socket);
      }
      void call.refuse(failure(refusal?.code ?? 'no_route', refusal?.message ?? 'No route.'));
    } else {
      const request = new AgentRequest(message, matched.rest, dialect, body, call, protocol);
      record.trace?.carries(request, dialect);
      void call.run(
        matched.route.handler(agent),
        exchangeOf(call, request, matched.route, dialect, caller),
        body instanceof ReplayBody ? body.soon() : undefined,
      );
    }
    return call;
  }

  function exchangeOf(call: ServedCall, request: AgentRequest, route: ActiveRoute, dialect: Dialect, caller: Caller): Exchange {
    const home = { upstream: route.upstream };
    const { record } = call;
    return {
      id: record.id,
      agent: record.agent,
      session: caller.session,
      clientSession: caller.clientSession,
      request,
      home,
      target: home,
      dialect,
      attempt: 0,
      limits: { firstBytePhase: 'firstByte' },
      deadline: Number.POSITIVE_INFINITY,
      signal: call.signal,
      note: record.note,
      opened: { attempts: 0, outcomes: [], closed: false },
      admission: undefined,
      trace: record.trace,
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
    underWay: () => calls.records(),
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

/** The credential of a request that has it in its query, as Gemini's clients may; undefined for most. */
function keyInQuery(path: string): string | undefined {
  return path.includes('key=') ? /[?&]key=([^&]+)/.exec(path)?.[1] : undefined;
}
