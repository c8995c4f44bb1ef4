import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Call, Dialect } from '../core/dialect.ts';
import { errorCodes } from '../core/error-codes.ts';
import type { CallOutcome } from '../core/event.ts';
import type { AbortReason, Exchange, Handler } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import { headerValue, type RawHeaders } from '../core/headers.ts';
import type { Failure, Reply, Tunnel } from '../core/outcome.ts';
import { Aborter, type Signal } from '../core/signal.ts';
import type { RequestListener } from './agent-request.ts';
import type { CallRecord } from './call-record.ts';
import { writeEarlyHints } from './early-hints.ts';
import { endsConnection } from './ends-connection.ts';
import { lingerOnClose } from './linger-on-close.ts';
import { markingHeaders } from './marking-headers.ts';
import { namingCall } from './naming-call.ts';
import { writeBody, writeHead } from './reply-writer.ts';
import { join } from './tunnel.ts';

/** What the configuration that a call began with says of its answer. */
export interface ReplyTerms {
  /** Adds our own response headers. */
  responseHeaders: boolean;
  /** Tells SDKs not to retry what was retried already. */
  suppressClientRetries: boolean;
}

export interface ServingOptions {
  now(): number;
  draining(): boolean;
}

export interface Connection {
  response: ServerResponse;
  socket: Socket;
  body: CallBody;
  /** For an upgrade: hands over what the agent has sent behind its head, and stops reading the socket. */
  takeEarly?(): Uint8Array;
}

/** What a call needs to know of its request's body. */
export interface CallBody {
  readonly length: number | undefined;
  readonly receivedBytes: number;
  /** Nobody reads it any more. */
  release(): void;
}

/** One call from its exchange to its last byte: runs the stacks, commits the outcome, and tells how it ended. */
export class ServedCall implements RequestListener {
  /** Links of the list of calls in flight. */
  previous: ServedCall | undefined;
  next: ServedCall | undefined;
  readonly record: CallRecord;
  readonly #connection: Connection;
  #dialect: Dialect;
  readonly #terms: ReplyTerms;
  readonly #options: ServingOptions;
  readonly #aborter = new Aborter();
  readonly #onOver: (call: ServedCall) => void;
  #committed: Reply | Tunnel | undefined;
  #left = false;
  #refusing = false;
  #closed = false;
  #over = false;
  #done: PromiseWithResolvers<void> | undefined;
  #closing: (() => void) | undefined;
  readonly #onClose = () => {
    this.#closed = true;
    if (!this.#connection.response.writableFinished) this.#agentLeft();
    this.#closing?.();
  };

  /** `onOver` is called once, when the last byte is out and the last event told. */
  constructor(
    record: CallRecord,
    connection: Connection,
    dialect: Dialect,
    terms: ReplyTerms,
    options: ServingOptions,
    onOver: (call: ServedCall) => void,
  ) {
    this.record = record;
    this.#connection = connection;
    this.#dialect = dialect;
    this.#terms = terms;
    this.#options = options;
    this.#onOver = onOver;
  }

  /** Settles when the call is over; never rejects. */
  get done(): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#done ??= Promise.withResolvers<void>();
    return this.#done.promise;
  }

  get socket(): Socket {
    return this.#connection.socket;
  }

  get signal(): Signal {
    return this.#aborter;
  }

  /** Ends the call for a reason of ours: before commit it is refused with it, after commit it is broken off. */
  abort(reason: AbortReason): void {
    if (this.#refusing) return;
    if (this.#committed) this.#committed.discard();
    else this.#aborter.abort(reason);
  }

  described(call: Call): void {
    this.record.asked = call;
  }

  hinted(headers: RawHeaders): void {
    writeEarlyHints(this.#connection.response, headers);
  }

  /** Runs the call once `ready` has resolved; `done` tells when it is over. */
  async run(handler: Handler, exchange: Exchange, ready: Promise<void> | undefined): Promise<void> {
    if (this.#dialect.namesCalls) this.#dialect = namingCall(this.#dialect, exchange.request);
    try {
      this.#connection.response.on('close', this.#onClose);
      this.record.note({ kind: 'call-started', attempt: 0 });
      if (ready) await ready;
      const outcome = await handler(exchange);
      if (outcome.kind === 'tunnel') await this.#tunnel(outcome, exchange.request.upgrade ?? 'websocket');
      else await this.#reply(outcome);
    } catch (error) {
      this.#failed(error);
    }
    this.#finish();
  }

  /** Answers without any upstream. */
  async refuse(refusal: Failure): Promise<void> {
    this.#refusing = true;
    try {
      this.#connection.response.on('close', this.#onClose);
      this.record.note({ kind: 'call-started', attempt: 0 });
      await this.#reply(refusal);
    } catch (error) {
      this.#failed(error);
    }
    this.#finish();
  }

  /** A bug of ours must not take the process down, nor leave the agent without an end. */
  #failed(error: unknown): void {
    this.record.note({ kind: 'bug', attempt: 0, error });
    this.#committed?.discard();
    this.#connection.socket.destroy();
    this.#ended('upstream-error', errorCodes.internal_error.status, 0);
  }

  #finish(): void {
    this.#over = true;
    this.#connection.body.release();
    this.#onOver(this);
    this.#done?.resolve();
  }

  #agentLeft(): void {
    if (this.#refusing) return;
    this.#left = true;
    this.abort({ verdict: 'cancelled', code: 'cancelled', message: 'The agent hung up.' });
  }

  /** Resolves when the response is closed. */
  #close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closing = resolve;
    });
  }

  async #reply(outcome: Reply | Failure): Promise<void> {
    const { response, socket } = this.#connection;
    if (this.#left) {
      if (outcome.kind === 'reply') outcome.discard();
      this.#ended('cancelled', errorCodes.cancelled.status, 0);
      return;
    }
    let failed = outcome.kind === 'failure' ? outcome : undefined;
    let reply = outcome.kind === 'failure' ? this.#dialect.refuse(outcome) : outcome;
    if (this.#options.draining() || (failed && endsConnection.has(failed.code))) response.shouldKeepAlive = false;
    if (!this.#requestComplete) lingerOnClose(response, socket);
    if (!writeHead(response, reply, this.#headers(reply, failed))) {
      reply.discard();
      failed = failure('upstream_protocol_error', 'The upstream answered with a head that is not valid HTTP.', { sent: 'maybe' });
      reply = this.#dialect.refuse(failed);
      writeHead(response, reply, this.#headers(reply, failed));
    }
    this.#committed = reply;
    const ms = this.#options.now() - this.record.startedAt;
    this.record.note({
      kind: 'committed',
      attempt: this.record.lastAttempt,
      status: reply.status,
      ms,
      overheadMs: this.record.overheadMs(ms),
      streamed: !reply.empty && headerValue(reply.headers, 'content-length') === undefined,
    });
    const writing = writeBody(response, reply, this.#dialect);
    const written = writing instanceof Promise ? await writing : writing;
    const broken = !written.ending.complete;
    const leftBefore = written.left || this.#left;
    await this.#close();
    // Breaking an answer off closes the connection, too: that is not an agent that leaves.
    const left = leftBefore || (!broken && this.#left);
    if (broken && !left) {
      const { upstream, lastAttempt } = this.record;
      this.record.note({ kind: 'stream-broken', attempt: lastAttempt, upstream, verdict: written.ending.verdict });
    }
    this.#ended(left ? 'cancelled' : this.#outcomeOf(reply, failed, broken), reply.status, written.bytes);
  }

  async #tunnel(tunnel: Tunnel, protocol: string): Promise<void> {
    const { response, socket } = this.#connection;
    const { startedAt } = this.record;
    if (this.#left || socket.destroyed) {
      tunnel.discard();
      this.#ended('cancelled', errorCodes.cancelled.status, 0);
      return;
    }
    this.#committed = tunnel;
    response.detachSocket(socket);
    const fields = [...tunnel.headers, 'Connection', 'Upgrade', 'Upgrade', protocol, ...this.#ownHeaders()];
    const lines = Array.from({ length: fields.length / 2 }, (_, i) => `${fields[2 * i]}: ${fields[2 * i + 1]}\r\n`);
    socket.write(`HTTP/1.1 101 ${tunnel.statusText}\r\n${lines.join('')}\r\n`, 'latin1');
    const ms = this.#options.now() - startedAt;
    this.record.note({
      kind: 'committed',
      attempt: this.record.lastAttempt,
      status: 101,
      ms,
      overheadMs: this.record.overheadMs(ms),
      streamed: true,
    });
    join(socket, tunnel, this.#connection.takeEarly?.());
    const ending = await tunnel.ended;
    this.#ended(ending.verdict === 'ok' ? this.record.success() : 'upstream-error', 101, ending.bytes);
  }

  #ended(outcome: CallOutcome, status: number, responseBytes: number): void {
    const ms = this.#options.now() - this.record.startedAt;
    this.record.note({
      kind: 'call-ended',
      attempt: 0,
      outcome,
      status,
      ms,
      requestBytes: this.#connection.body.receivedBytes,
      responseBytes,
    });
  }

  #outcomeOf(reply: Reply, failed: Failure | undefined, broken: boolean): CallOutcome {
    if (failed) {
      if (failed.code === 'agent_paused') return 'paused';
      if (failed.verdict === 'refused') return 'refused';
      if (failed.verdict === 'timeout') return 'timeout';
      return errorCodes[failed.code].status < 500 ? 'client-error' : 'upstream-error';
    }
    if (broken) return 'upstream-error';
    if (reply.origin === 'cache') return 'cached';
    if (reply.origin === 'degraded') return 'degraded';
    if (reply.status < 400 && (reply.verdict === 'ok' || reply.verdict === 'tool-error' || reply.verdict === 'content-filter'))
      return this.record.success();
    if (reply.verdict === 'timeout') return 'timeout';
    return reply.status >= 400 && reply.status < 500 && reply.verdict !== 'rate-limited' ? 'client-error' : 'upstream-error';
  }

  /** Whether all of the agent's request has been read. */
  get #requestComplete(): boolean {
    const { body, response } = this.#connection;
    return body.length === 0 || response.req.complete;
  }

  #headers(reply: Reply, failed: Failure | undefined): string[] {
    const added = this.#ownHeaders();
    if (failed) {
      const { proxyStatus } = errorCodes[failed.code];
      added.push('proxy-status', `outrigger; error=${failed.phase === 'connect' ? 'connection_timeout' : proxyStatus}`);
      if (failed.retryAfterMs !== undefined) added.push('retry-after', String(Math.max(1, Math.ceil(failed.retryAfterMs / 1000))));
    }
    const retriedInVain = this.record.attempts > 1 && reply.verdict !== 'ok' && this.#terms.suppressClientRetries;
    if (failed?.verdict === 'refused' || retriedInVain) added.push('x-should-retry', 'false');
    return added;
  }

  #ownHeaders(): string[] {
    return this.#terms.responseHeaders ? markingHeaders(this.record, this.#options.now() - this.record.startedAt) : [];
  }
}
