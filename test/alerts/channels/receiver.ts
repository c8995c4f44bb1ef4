import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { listening } from '../../kit/listening.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Connections that were made, whatever came over them. */
  connections: number;
}

/** What Slack says when it has taken a message. */
const taken = (response: ServerResponse) => void response.end('ok');

/** An HTTP server on loopback that keeps what is posted to it; closed when the test has finished. */
export async function receiver(answer: (response: ServerResponse, request: Received) => void = taken): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const one = { method, path: url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
      received.push(one);
      answer(response, one);
    });
  });
  const port = await listening(server);
  const made: Receiver = { url: `http://127.0.0.1:${port}/services/T0/B0/secret`, port, received, connections: 0 };
  server.on('connection', () => {
    made.connections += 1;
  });
  return made;
}
