import type { ServerResponse } from 'node:http';
import { AdminError } from './admin-error.ts';
import type { AdminStream } from './route.ts';

/** Readers at a time: people and their tools, no fleet. */
const mostStreams = 16;

/** A comment that nobody sees, so that a reader knows a quiet stream from a dead one, and proxies keep it open. */
const heartbeat = ':\n\n';
const heartbeatMs = 15_000;

/** The streams that are being read. */
export class Streams {
  readonly #responses = new Set<ServerResponse>();

  /** Writes a stream until its reader leaves. Throws `too_many_streams` where there is no room for another one. */
  serve(response: ServerResponse, stream: AdminStream, headers: Readonly<Record<string, string>>): void {
    if (this.#responses.size >= mostStreams) {
      throw new AdminError('too_many_streams', `${mostStreams} streams are being read, and no more may be`, { 'retry-after': '10' });
    }
    response.writeHead(200, { ...headers, 'content-type': stream.type });
    response.flushHeaders();
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    let blocked = false;
    const write = (text: string) => {
      blocked = !response.write(text);
    };
    const pump = () => {
      response.cork();
      for (let text = blocked ? undefined : source.take(); text !== undefined; text = blocked ? undefined : source.take()) write(text);
      response.uncork();
    };
    const source = stream.open(() => pump());
    const beat = setInterval(() => {
      if (!blocked) write(heartbeat);
    }, heartbeatMs).unref();
    response.on('drain', () => {
      blocked = false;
      pump();
    });
    response.on('close', () => {
      clearInterval(beat);
      source.close();
      this.#responses.delete(response);
    });
    this.#responses.add(response);
    // A first sign that the stream has begun, and what there is already.
    write(heartbeat);
    pump();
  }

  /** Ends them all. */
  close(): void {
    for (const response of this.#responses) response.end();
  }
}
