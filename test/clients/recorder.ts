import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { ByteReader } from '../kit/byte-reader.ts';
import { framingOf, type HttpMessage, readBody, readHead, valuesOf } from '../kit/http-message.ts';

/** One connection that was made to the recorder, and the one that it made for it. */
export class RecordedConnection {
  /** Every byte of each direction. */
  readonly toUpstream = new ByteReader();
  readonly toAgent = new ByteReader();
}

/** Stands in front of a server, passes every byte and every end of a connection on, and keeps what was asked. */
export class Recorder {
  readonly connections: RecordedConnection[] = [];
  /** All requests that came whole, in the order in which they did, read strictly. An upgrade is the last of its connection. */
  readonly requests: HttpMessage[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #errors: unknown[] = [];

  constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (agent) => {
      const upstream = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      const connection = new RecordedConnection();
      this.connections.push(connection);
      this.#join(agent, upstream, connection.toUpstream);
      this.#join(upstream, agent, connection.toAgent);
      this.#read(connection).catch((error: unknown) => this.#errors.push(error));
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#errors.length > 0) throw new AggregateError(this.#errors, `odd requests: ${this.#errors.join('; ')}`);
  }

  #join(from: Socket, to: Socket, bytes: ByteReader): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (data: Buffer) => {
      bytes.push(data);
      to.write(data);
    });
    from.on('end', () => {
      bytes.finish('fin');
      to.end();
    });
    from.on('error', () => {
      bytes.finish('reset');
      to.resetAndDestroy();
    });
    from.on('close', () => {
      bytes.finish('reset');
      this.#sockets.delete(from);
      to.destroySoon();
    });
  }

  async #read({ toUpstream }: RecordedConnection): Promise<void> {
    for (;;) {
      const head = await readHead(toUpstream, 'request');
      if (!head) return;
      const request = { ...head, ...(await readBody(toUpstream, framingOf(head, 'request'))) };
      if (!request.whole) return;
      this.requests.push(request);
      if (valuesOf(head, 'upgrade').length > 0) return;
    }
  }
}

/** Starts a recorder in front of a port of this machine; it is closed when the test has finished. */
export async function recorderFor(port: number): Promise<Recorder> {
  const recorder = new Recorder(port);
  await recorder.listen();
  onTestFinished(() => recorder.close());
  return recorder;
}
