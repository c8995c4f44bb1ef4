import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { framingOf, type HttpHead, type HttpMessage, readBody, readHead } from './http-message.ts';
import { ok } from './http-text.ts';
import { RawConnection } from './raw-connection.ts';

/** What an upstream does on one connection. `index` counts the connections from 0. */
export type Script = (connection: UpstreamConnection, index: number) => void | Promise<void>;

/** The upstream's side of a connection that the sidecar opened. */
export class UpstreamConnection extends RawConnection {
  readonly requests: HttpMessage[] = [];
  readonly openedAt = performance.now();
  readonly #all: HttpMessage[];
  #within = false;

  constructor(socket: Socket, all: HttpMessage[]) {
    super(socket);
    this.#all = all;
  }

  /** No request has begun that is not whole. */
  get idle(): boolean {
    return !this.#within && this.bytes.unread === '';
  }

  /** The next head, as soon as it is there; undefined if the connection ends before its first byte. */
  async requestHead(): Promise<HttpHead | undefined> {
    const head = await readHead(this.bytes, 'request');
    this.#within = head !== undefined;
    return head;
  }

  /** The next request with its body, or as much as came of it; undefined if the connection ends before its first byte. */
  async request(): Promise<HttpMessage | undefined> {
    const head = await this.requestHead();
    return head && this.requestBody(head);
  }

  /** The rest of a request whose head was read. */
  async requestBody(head: HttpHead): Promise<HttpMessage> {
    const request = { ...head, ...(await readBody(this.bytes, framingOf(head, 'request'))) };
    this.#within = !request.whole;
    this.requests.push(request);
    this.#all.push(request);
    return request;
  }
}

/** A TCP server that does exactly what a script says. Closed when the test has finished, which fails if a script did. */
export class RawUpstream {
  readonly connections: UpstreamConnection[] = [];
  /** All requests that were read whole, in the order in which they ended. */
  readonly requests: HttpMessage[] = [];
  readonly #server: Server;
  readonly #script: Script;
  readonly #errors: unknown[] = [];
  #arrivals: (() => void)[] = [];

  constructor(script: Script) {
    this.#script = script;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get authority(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `http://${this.authority}`;
  }

  /** Connections that neither side has closed. */
  get open(): number {
    return this.connections.filter((connection) => !connection.socket.destroyed).length;
  }

  /** Every byte that the sidecar ever sent, in the order of the connections. */
  get received(): string {
    return this.connections.map((connection) => connection.received).join('');
  }

  /** Waits until nothing is on its way any more: every connection is closed or has only whole requests. */
  async quiet(): Promise<void> {
    for (const connection of this.connections) {
      while (connection.bytes.end === undefined && !connection.idle) await connection.bytes.more();
    }
  }

  /** The connection with that index, as soon as it is there. */
  async connection(index = 0): Promise<UpstreamConnection> {
    for (;;) {
      const connection = this.connections[index];
      if (connection) return connection;
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }

  close(): void {
    this.#server.close();
    for (const connection of this.connections) connection.socket.destroy();
    if (this.#errors.length > 0) throw new AggregateError(this.#errors, `the upstream's script failed: ${this.#errors.join('; ')}`);
  }

  #accept(socket: Socket): void {
    const connection = new UpstreamConnection(socket, this.requests);
    const index = this.connections.push(connection) - 1;
    const run = async () => this.#script(connection, index);
    run().catch((error: unknown) => this.#errors.push(error));
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const resolve of arrivals) resolve();
  }
}

/** Starts an upstream; without a script it answers every request with `200 OK`. */
export async function rawUpstream(script: Script = answer(ok())): Promise<RawUpstream> {
  const upstream = new RawUpstream(script);
  await upstream.listen();
  onTestFinished(() => upstream.close());
  return upstream;
}

/** Leaves it to the test to read and to answer. */
export const silent: Script = () => {};

/** Answers every whole request with these bytes and keeps the connection. */
export function answer(bytes: string | ((request: HttpMessage, index: number) => string)): Script {
  return async (connection) => {
    for (let index = 0; ; index += 1) {
      const request = await connection.request();
      if (!request?.whole) return;
      connection.send(typeof bytes === 'string' ? bytes : bytes(request, index));
    }
  };
}
