import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { framingOf, type HttpHead, type HttpMessage, readBody, readHead, statusOf } from './http-message.ts';
import { RawConnection } from './raw-connection.ts';

export interface ExpectedResponse {
  /** The request was HEAD: no body follows. */
  head?: boolean;
  /** Do not skip 1xx responses. */
  interim?: boolean;
}

/** An agent that writes exact bytes and reads the answer strictly. */
export class RawClient extends RawConnection {
  /** The 1xx responses that came before the final ones. */
  readonly interim: HttpHead[] = [];
  #head: HttpHead | undefined;

  /** The head of the next response; throws if the connection ends before it. */
  async responseHead(expected: ExpectedResponse = {}): Promise<HttpHead> {
    for (;;) {
      const head = await readHead(this.bytes, 'response');
      if (!head) throw new Error(`no response: the connection ended by ${this.bytes.end}`);
      const status = statusOf(head);
      if (expected.interim || status >= 200 || status === 101) {
        this.#head = head;
        return head;
      }
      this.interim.push(head);
    }
  }

  /** The next response with its body, or with as much as came of it (`whole` is then false). */
  async response(expected: ExpectedResponse = {}): Promise<HttpMessage> {
    return this.responseBody(await this.responseHead(expected), expected);
  }

  /** The rest of a response whose head was read. */
  async responseBody(head = this.#head, expected: ExpectedResponse = {}): Promise<HttpMessage> {
    if (!head) throw new Error('no head was read');
    return { ...head, ...(await readBody(this.bytes, framingOf(head, 'response', expected.head))) };
  }
}

/** Opens a connection; it is destroyed when the test has finished. */
export async function rawClient({ host, port }: { host: string; port: number }): Promise<RawClient> {
  const socket = connect({ host, port, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  onTestFinished(() => {
    socket.destroy();
  });
  return new RawClient(socket);
}

/** Opens a connection, writes the bytes and reads one response. */
export async function exchange(address: { host: string; port: number }, request: string): Promise<HttpMessage> {
  const client = await rawClient(address);
  client.send(request);
  const response = await client.response({ head: request.startsWith('HEAD ') });
  client.close();
  return response;
}
