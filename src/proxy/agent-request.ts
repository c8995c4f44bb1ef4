import type { IncomingMessage } from 'node:http';
import type { Call, Dialect } from '../core/dialect.ts';
import type { ProxiedRequest, RequestBody } from '../core/exchange.ts';
import { headerValue, type RawHeaders } from '../core/headers.ts';
import { requestFields } from './fields.ts';

/** Methods that may be repeated by their definition (RFC 9110, 9.2.2). */
const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

/** Whoever serves the request. */
export interface RequestListener {
  /** It was read what the call is. */
  described(call: Call): void;
  /** An upstream has sent early hints (103). */
  hinted(headers: RawHeaders): void;
}

/** An agent's request as it came in; describes itself once, when somebody asks. */
export class AgentRequest implements ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: RawHeaders;
  readonly upgrade?: string;
  readonly idempotent: boolean;
  readonly body: RequestBody;
  readonly hinted = (headers: RawHeaders): void => this.#listener.hinted(headers);
  readonly #dialect: Dialect;
  readonly #listener: RequestListener;
  #call: Call | Promise<Call> | undefined;

  constructor(
    message: IncomingMessage,
    path: string,
    dialect: Dialect,
    body: RequestBody,
    listener: RequestListener,
    upgrade: string | undefined,
  ) {
    this.method = message.method ?? 'GET';
    this.path = path;
    this.headers = requestFields(message.rawHeaders);
    this.body = body;
    this.#listener = listener;
    this.#dialect = dialect;
    if (upgrade !== undefined) this.upgrade = upgrade;
    this.idempotent =
      idempotentMethods.has(this.method) ||
      headerValue(message.rawHeaders, 'x-outrigger-idempotent')?.toLowerCase() === 'true' ||
      headerValue(message.rawHeaders, 'idempotency-key') !== undefined;
  }

  get described(): Call | undefined {
    return this.#call instanceof Promise ? undefined : this.#call;
  }

  call(): Call | Promise<Call> {
    this.#call ??= this.#describe();
    return this.#call;
  }

  #describe(): Call | Promise<Call> {
    if (!this.#dialect.readsBody || this.body.length === 0) return this.#take(this.body.bytes);
    if (this.body.bytes) return this.#take(this.body.bytes);
    return this.body.whole().then((bytes) => this.#take(bytes));
  }

  #take(bytes: Uint8Array | undefined): Call {
    const call = this.#dialect.describe(this, bytes);
    this.#call = call;
    this.#listener.described(call);
    return call;
  }
}
