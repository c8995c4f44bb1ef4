import type { Socket } from 'node:net';
import { ByteReader, type ConnectionEnd } from './byte-reader.ts';
import { readChunk } from './http-message.ts';

/** One side of a TCP connection under a test's full control: exact bytes out, exact bytes in. */
export class RawConnection {
  readonly socket: Socket;
  readonly bytes = new ByteReader();
  /** How the other side left. Settles at its FIN or RST; `reset` also if we destroyed the connection ourselves. */
  readonly ended: Promise<ConnectionEnd>;
  /** When `ended` settled, on the scale of performance.now(). */
  endedAt: number | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
    this.ended = promise;
    const end = (how: ConnectionEnd) => {
      this.endedAt ??= performance.now();
      this.bytes.finish(how);
      resolve(how);
    };
    socket.on('data', (bytes: Buffer) => this.bytes.push(bytes));
    socket.on('end', () => {
      end('fin');
      // As most programs do: a peer that has closed its side is gone.
      socket.end();
    });
    socket.on('error', () => end('reset'));
    socket.on('close', () => end('reset'));
  }

  /** All bytes that ever arrived, as latin1. */
  get received(): string {
    return this.bytes.text;
  }

  /** Writes exact bytes (latin1). What is written to a connection that is gone is lost, as on a wire. */
  send(text: string): void {
    if (this.socket.writable) this.socket.write(text, 'latin1');
  }

  /** Sends FIN and goes on reading. */
  halfClose(): void {
    this.socket.end();
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Closes as a process does that goes away: FIN. */
  close(): void {
    this.socket.destroy();
  }

  /** Whether all that arrived contains `mark`, as soon as it does; false if the connection ends without it. */
  seen(mark: string): Promise<boolean> {
    return this.bytes.seen(mark);
  }

  /** What the next chunk of a chunked body carries. */
  chunk(): Promise<string | undefined> {
    return readChunk(this.bytes);
  }
}
