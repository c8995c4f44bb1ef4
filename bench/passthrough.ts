/** The floor: the cheapest correct proxy that Node allows. node:http in, `Pool.dispatch` with one handler object per request out, no policy. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';

const pool = new Pool(process.argv[2]!, { allowH2: false });

type Reply = ServerResponse & { exchange?: Exchange };

class Exchange implements Dispatcher.DispatchHandler {
  #request: IncomingMessage;
  #reply: Reply;
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #gone = false;

  constructor(request: IncomingMessage, reply: Reply) {
    this.#request = request;
    this.#reply = reply;
    reply.exchange = this;
    reply.on('close', onClose);
  }

  collect(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  send(): void {
    const { method = 'GET', url = '/', rawHeaders } = this.#request;
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    pool.dispatch({ method: method as Dispatcher.HttpMethod, path: url, headers: rawHeaders, body }, this);
  }

  hangUp(): void {
    this.#gone = true;
    if (!this.#reply.writableFinished) this.#controller?.abort(new Error('the client went away'));
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#gone) controller.abort(new Error('the client went away'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText?: string): void {
    const headers = (controller.rawHeaders as Buffer[]).map(latin1);
    this.#reply.writeHead(status, statusText ?? '', headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#reply.write(chunk)) return;
    controller.pause();
    this.#reply.once('drain', onDrain);
  }

  onResponseEnd(): void {
    this.#reply.end();
  }

  onResponseError(): void {
    if (this.#reply.headersSent) this.#reply.destroy();
    else this.#reply.writeHead(502).end();
  }
}

function latin1(value: Buffer): string {
  return value.toString('latin1');
}

function onClose(this: Reply): void {
  this.exchange?.hangUp();
}

function onDrain(this: Reply): void {
  this.exchange?.resume();
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, reply) => {
  const exchange = new Exchange(request, reply);
  request.on('data', (chunk: Buffer) => exchange.collect(chunk));
  request.on('end', () => exchange.send());
});
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as AddressInfo).port));
