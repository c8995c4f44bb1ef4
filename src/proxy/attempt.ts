import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../core/clock.ts';
import { EndingCell, type OnEnding } from '../core/ending-cell.ts';
import type { AbortReason, Exchange } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import { headerValue, mediaType } from '../core/headers.ts';
import {
  createReply,
  type Ending,
  type Failure,
  type OnRead,
  type Outcome,
  type Read,
  type Source,
  type TimeoutPhase,
} from '../core/outcome.ts';
import { responseFields, trailerFields } from './fields.ts';
import { latin1Fields } from './latin1-fields.ts';
import { retryAfterMs } from './retry-after.ts';
import { createTunnel } from './tunnel.ts';
import { closedByPeer, upstreamFailure } from './upstream-error.ts';
import { watchTunnel } from './watch-tunnel.ts';

const done: Read = { done: true, value: undefined };

/** Bytes of a body that may wait for the agent before the upstream is paused. */
const highWaterBytes = 64 * 1024;

/** More interim responses than this before the real one are an attack or a fault (1xx flood). */
const mostInterim = 32;

/** A longer reason phrase than this is no reason; the parser bounds all other parts of a head. */
const longestReason = 1024;

/**
 * One request to one upstream: at once undici's handler, the source of the reply's bytes and the owner of the timers up to
 * the head (`connect`, `firstByte`) and of `total`. One object an attempt, so that a call costs few allocations.
 */
export class Attempt implements Dispatcher.DispatchHandler, Source {
  readonly outcome: Promise<Outcome>;
  readonly exchange: Exchange;
  /** The connection was not made for this attempt; told by the pool. */
  reusedSocket = true;
  /** The socket that is being connected for it, so that giving up also ends the connecting. */
  dialling: Socket | undefined;

  readonly #clock: Clock;
  readonly #resolveOutcome: (outcome: Outcome) => void;
  readonly #ending = new EndingCell();
  #controller: Dispatcher.DispatchController | undefined;
  #upload: AsyncIterator<Uint8Array> | undefined;
  #started = false;
  #answered = false;
  #over = false;
  #interim = 0;
  #bytes = 0;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #reader: OnRead | undefined;
  #timer: Timer | undefined;
  #total: Timer | undefined;
  #progressAt = 0;
  readonly #onAbort = () => this.#giveUp(this.exchange.signal.reason as AbortReason);

  constructor(exchange: Exchange, clock: Clock) {
    this.exchange = exchange;
    this.#clock = clock;
    const outcome = Promise.withResolvers<Outcome>();
    this.outcome = outcome.promise;
    this.#resolveOutcome = outcome.resolve;
    exchange.signal.addEventListener('abort', this.#onAbort);
    const { connectMs, totalMs } = exchange.limits;
    if (connectMs !== undefined) this.#timer = clock.timer(connectMs, () => this.#timeOut('connect', connectMs));
    if (totalMs !== undefined) this.#total = clock.timer(totalMs, () => this.#timeOut('total', totalMs));
  }

  /** Bytes of the request body that are sent as they come; kept so that an early end stops the upload. */
  set upload(iterator: AsyncIterator<Uint8Array>) {
    this.#upload = iterator;
  }

  // What undici calls, in the order of its calls.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#started = true;
    if (this.#over || this.#answered) {
      controller.abort(new Error('given up'));
      return;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#progressAt = this.#clock.now();
    this.#armFirstByte();
  }

  onBodySent(): void {
    this.#progressAt = this.#clock.now();
  }

  onRequestSent(): void {
    this.#progressAt = this.#clock.now();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText?: string): void {
    const raw = latin1Fields(controller.rawHeaders);
    if (status < 100 || (statusText?.length ?? 0) > longestReason) {
      this.#fail(this.#protocolError('Its status line is not valid.'));
      return;
    }
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > mostInterim) this.#fail(this.#protocolError('It sends interim responses without end.'));
      else if (status === 103) this.exchange.request.hinted(responseFields(raw));
      return;
    }
    const { request, dialect } = this.exchange;
    const isStream = status === 200 && mediaType(raw) === 'text/event-stream';
    const standing = isStream && (request.method === 'GET' || (dialect.standsOpen?.(request) ?? false));
    const headers = responseFields(raw);
    this.#answer(
      createReply(
        {
          verdict: status < 400 ? 'ok' : status < 500 ? 'client-error' : 'server-error',
          origin: 'upstream',
          status,
          statusText: statusText ?? '',
          headers,
          retryAfterMs: status < 400 ? undefined : retryAfterMs(headers, this.#clock.wall()),
          empty: request.method === 'HEAD' || status === 204 || status === 304 || headerValue(headers, 'content-length') === '0',
          standing,
        },
        this,
      ),
    );
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#over) return;
    this.#bytes += chunk.byteLength;
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader({ done: false, value: chunk });
      return;
    }
    this.#queue.push(chunk);
    this.#queued += chunk.byteLength;
    if (this.#queued >= highWaterBytes) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const trailers = trailerFields(latin1Fields(controller.rawTrailers));
    this.#end({ verdict: 'ok', complete: true, bytes: this.#bytes, ...(trailers.length > 0 && { trailers }) });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#over) return;
    const { upstream } = this.exchange.target;
    if (this.#answered) {
      this.#end({ verdict: 'network', complete: false, bytes: this.#bytes, cause: error });
      return;
    }
    this.#fail(upstreamFailure(error, upstream, this.#sent, this.reusedSocket && closedByPeer(error)));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    if (status !== 101 || this.#over) {
      socket.destroy();
      this.#fail(this.#protocolError('It upgraded the connection in an unknown way.'));
      return;
    }
    const headers = responseFields(latin1Fields(controller.rawHeaders));
    this.#answer(createTunnel(headers, socket, watchTunnel(this.exchange, headers, this.#clock)));
    this.#end({ verdict: 'ok', complete: true, bytes: 0 });
  }

  // What the reader calls.

  poll(): Read | undefined {
    const value = this.#queue.shift();
    if (!value) return this.#over ? done : undefined;
    this.#queued -= value.byteLength;
    if (this.#queued < highWaterBytes && this.#controller?.paused) this.#controller.resume();
    return { done: false, value };
  }

  next(): Promise<Read> {
    return new Promise((resolve) => this.wait(resolve));
  }

  wait(fn: OnRead): void {
    const now = this.poll();
    if (now) fn(now);
    else this.#reader = fn;
  }

  get ended(): Promise<Ending> {
    return this.#ending.promise;
  }

  whenEnded(fn: OnEnding): void {
    this.#ending.when(fn);
  }

  discard(): void {
    this.#queue = [];
    this.#queued = 0;
    if (this.#over) return;
    this.#end({ verdict: 'cancelled', complete: false, bytes: this.#bytes });
    this.#abort();
  }

  // Ends.

  /** undici refused to dispatch: it throws at fields that it cannot send. */
  refused(error: unknown): void {
    this.#fail(upstreamFailure(error, this.exchange.target.upstream, 'no', false));
  }

  #giveUp(reason: AbortReason): void {
    if (this.#answered) this.#end({ verdict: reason.verdict, complete: false, bytes: this.#bytes });
    else this.#fail(abortedFailure(this.exchange.signal, this.#sent));
    this.#abort();
  }

  #timeOut(phase: TimeoutPhase, afterMs: number): void {
    const { attempt, target } = this.exchange;
    this.exchange.note({ kind: 'timeout', attempt, upstream: target.upstream, phase, afterMs });
    if (this.#answered) this.#end({ verdict: 'timeout', complete: false, bytes: this.#bytes });
    else {
      const message = `Upstream ${target.upstream} did not answer in time (${phase}, ${afterMs} ms).`;
      this.#fail(failure('upstream_timeout', message, { phase, sent: this.#sent }));
    }
    this.#abort();
  }

  /** An upload or a wait of the upstream's own may take long; only silence after the last sent byte counts. */
  #armFirstByte(): void {
    const { firstByteMs, firstBytePhase } = this.exchange.limits;
    if (firstByteMs === undefined) return;
    const left = this.#progressAt + firstByteMs - this.#clock.now();
    this.#timer = this.#clock.timer(left, () => {
      if (this.#clock.now() - this.#progressAt >= firstByteMs) this.#timeOut(firstBytePhase, firstByteMs);
      else this.#armFirstByte();
    });
  }

  #answer(outcome: Outcome): void {
    this.#answered = true;
    this.#timer?.cancel();
    this.#resolveOutcome(outcome);
  }

  #fail(outcome: Failure): void {
    if (this.#answered || this.#over) return;
    this.#answered = true;
    this.#resolveOutcome(outcome);
    this.#end({ verdict: outcome.verdict, complete: false, bytes: 0 });
    this.#abort();
  }

  #end(ending: Ending): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#total?.cancel();
    this.exchange.signal.removeEventListener('abort', this.#onAbort);
    this.#stopUpload();
    this.#ending.settle(ending);
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.(done);
  }

  /** Frees the connection, whatever it is doing. */
  #abort(): void {
    this.dialling?.destroy(new Error('given up'));
    // After its end undici has let go of the request, and aborting it again does nothing.
    this.#controller?.abort(new Error('given up'));
  }

  #stopUpload(): void {
    const upload = this.#upload;
    this.#upload = undefined;
    void upload?.return?.();
  }

  #protocolError(detail: string): Failure {
    return failure('upstream_protocol_error', `Upstream ${this.exchange.target.upstream} did not answer in valid HTTP. ${detail}`, {
      sent: 'maybe',
    });
  }

  get #sent(): Failure['sent'] {
    return this.#started ? 'maybe' : 'no';
  }
}
