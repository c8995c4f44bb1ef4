import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { getCACertificates } from 'node:tls';
import { buildConnector, Client, type Dispatcher, Pool } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { Exchange, ProxiedRequest } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import { Attempt } from './attempt.ts';
import { portableFields, portablePath, withFields } from './fields.ts';
import { forwardProxyFor, openTunnel } from './forward-proxy.ts';
import { RateLimits } from './rate-limits.ts';
import { revealReset } from './reveal-reset.ts';
import { normalise } from './router.ts';
import type { Upstream } from './settings.ts';
import { swallowContinue } from './swallow-continue.ts';

/** An idle connection is kept that long unless the upstream's Keep-Alive header names a shorter time. */
const keepAliveMs = 30_000;

export interface UpstreamConnections {
  /** Sends one attempt. Never throws; a kept connection that turns out to be dead is tried once more on a fresh one. */
  send(exchange: Exchange): Promise<Outcome>;
  /** Open sockets, those of tunnels included. */
  readonly sockets: number;
  /** As its replies tell. */
  readonly rateLimits: RateLimits;
  /** Lets requests under way end, then closes. */
  close(): Promise<void>;
  /** Closes at once. */
  destroy(): Promise<void>;
}

/**
 * The connections to one upstream. `opened` is told of every socket, so that the listener can tell a sidecar that calls
 * itself.
 */
export function connectUpstream(name: string, settings: Upstream, clock: Clock, opened: (socket: Socket) => void): UpstreamConnections {
  const url = new URL(settings.url);
  const basePath = url.pathname.replace(/\/$/, '');
  /** The attempt that undici is being given: a connection that it opens meanwhile is for that one, and for no other. */
  let dispatching: Attempt | undefined;
  const dispatches = (attempt: Attempt | undefined) => {
    dispatching = attempt;
  };
  let sockets = 0;
  const rateLimits = new RateLimits(clock);

  const proxy = forwardProxyFor(url, process.env);
  // buildConnector returns the socket that is being connected, which its types do not say.
  const dial = buildConnector({ ...tlsOptions(settings), allowH2: settings.http2, timeout: 0 }) as (
    ...given: Parameters<buildConnector.connector>
  ) => Socket;
  const connect: buildConnector.connector = (options, callback) => {
    const attempt = settings.http2 ? undefined : dispatching;
    const exchange = attempt?.exchange;
    const startedAt = clock.now();
    const dialling = (socket: Socket | undefined) => {
      if (attempt) attempt.dialling = socket;
    };
    const connected: buildConnector.Callback = (...result) => {
      const socket = result[1];
      if (socket) {
        exchange?.note({ kind: 'connected', attempt: exchange.attempt, upstream: name, ms: clock.now() - startedAt });
        sockets += 1;
        socket.once('close', () => {
          sockets -= 1;
        });
        opened(socket);
        revealReset(socket);
        if (!settings.http2) swallowContinue(socket);
      }
      dialling(undefined);
      callback(...result);
    };
    if (attempt) attempt.reusedSocket = false;
    if (!proxy) {
      dialling(dial(options, connected));
      return;
    }
    const tunnel = openTunnel(proxy, (error) => {
      if (error) connected(error, null);
      else if (url.protocol === 'https:') dialling(dial({ ...options, httpSocket: tunnel }, connected));
      else connected(null, tunnel);
    });
    dialling(tunnel);
  };
  const options = { connect, allowH2: settings.http2, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: keepAliveMs };
  const pool = new Pool(url.origin, options);

  async function send(exchange: Exchange): Promise<Outcome> {
    // undici gives a kept connection one turn of the loop before it uses it, so that the FIN of one that its server gave up is
    // seen. What could not be sent again gets another: measured, that is the difference between 1 and 13 in 200.
    if (!maySendTwice(exchange.request)) await turn();
    if (exchange.signal.aborted) return abortedFailure(exchange.signal, 'no');
    if (climbsOut(basePath, exchange.request.path)) {
      return failure('bad_request', `The path leads out of the base path of upstream ${name}.`);
    }
    const outcome = await attemptOn(pool, exchange);
    if (outcome.kind === 'reply') rateLimits.saw(outcome.headers);
    if (outcome.kind !== 'failure' || !(await mayResend(outcome, exchange))) return outcome;
    exchange.note({ kind: 'socket-resent', attempt: exchange.attempt, upstream: name });
    const fresh = new Client(url.origin, options);
    const second = await attemptOn(fresh, exchange);
    void fresh.close();
    return second;
  }

  function attemptOn(dispatcher: Dispatcher, exchange: Exchange): Promise<Outcome> {
    const attempt = new Attempt(exchange, clock);
    const options = dispatchOptions(exchange, attempt);
    // undici looks for a connection at once, but for a body that it must iterate in a microtask.
    const deferred = options.body !== null && !(options.body instanceof Uint8Array);
    if (deferred) queueMicrotask(() => dispatches(attempt));
    else dispatches(attempt);
    try {
      dispatcher.dispatch(options, attempt);
    } catch (error) {
      attempt.refused(error);
    }
    if (deferred) queueMicrotask(() => dispatches(undefined));
    else dispatches(undefined);
    return seenByTrace(exchange, attempt.outcome);
  }

  function dispatchOptions(exchange: Exchange, attempt: Attempt) {
    const { request, home, target } = exchange;
    const moved = target.upstream !== home.upstream;
    const fields = moved ? portableFields(request.headers) : request.headers;
    return {
      origin: url.origin,
      path: basePath + (moved ? portablePath(request.path) : request.path),
      method: request.method as Dispatcher.HttpMethod,
      // undici only reads them.
      headers: withFields(exchange.trace?.fieldsFor(exchange, fields) ?? fields, settings.headers) as string[],
      body: bodyOf(exchange, attempt),
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(request.upgrade !== undefined && { upgrade: request.upgrade }),
    };
  }

  return {
    send,
    rateLimits,
    get sockets() {
      return sockets;
    },
    // Rejects where `destroy` overtakes it; then everything is closed as well.
    close: () => pool.close().catch(() => undefined),
    destroy: () => pool.destroy(),
  };
}

function seenByTrace(exchange: Exchange, outcome: Promise<Outcome>): Promise<Outcome> {
  const { trace } = exchange;
  return trace?.copiesAnswers ? outcome.then((answer) => (answer.kind === 'reply' ? trace.answered(exchange, answer) : answer)) : outcome;
}

/** Whether a server that resolves dots would see a path outside of the base path, which the configuration means to be a limit. */
function climbsOut(basePath: string, path: string): boolean {
  if (basePath === '' || !/\.|%/.test(path)) return false;
  const [bare = ''] = path.split('?', 1);
  return !`${normalise(basePath + bare)}/`.startsWith(`${normalise(basePath)}/`);
}

function bodyOf(exchange: Exchange, attempt: Attempt): Uint8Array | Readable | null {
  const { body } = exchange.request;
  if (body.bytes) return body.bytes.byteLength === 0 ? null : body.bytes;
  const upload = body.open();
  const iterator = upload[Symbol.asyncIterator]();
  attempt.upload = iterator;
  // undici takes any async iterable; its types name streams only.
  return { [Symbol.asyncIterator]: () => iterator } as unknown as Readable;
}

/** Whether a request that met a dying connection can be sent again, as far as is known without waiting. */
function maySendTwice(request: ProxiedRequest): boolean {
  // A small body is whole one turn later.
  if (!request.body.bytes) return false;
  if (request.idempotent) return true;
  const call = request.call();
  return !(call instanceof Promise) && call.repeatable;
}

/** Whether a kept connection that died unused may be replaced, by RFC 9110, 9.2.2: the request does no harm twice. */
async function mayResend(outcome: Failure, { request, signal }: Exchange): Promise<boolean> {
  if (!outcome.reusedSocket || signal.aborted || !request.body.replayable) return false;
  return request.idempotent || (await request.call()).repeatable;
}

function tlsOptions({ tls }: Upstream) {
  return {
    minVersion: 'TLSv1.2' as const,
    ...(tls.ca !== undefined && { ca: [...getCACertificates('default'), readFileSync(tls.ca, 'utf8')] }),
    ...(tls.cert !== undefined && { cert: readFileSync(tls.cert) }),
    ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
