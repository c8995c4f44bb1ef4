import type { Clock, Timer } from '../core/clock.ts';
import { headerValue, mediaType } from '../core/headers.ts';
import { type Read, type Reply, type Tap, tap } from '../core/outcome.ts';

/** A comment by the rules of server-sent events: whoever reads the stream passes over it. */
const comment = Buffer.from(': keep-alive\n\n');

/**
 * The same reply with a comment after every `everyMs` in which nothing came that its reader was waiting for, so that
 * nobody on the way to the agent takes the connection for dead. Only where a comment can be told from the answer: in an
 * unencoded event stream, between two events. Any other reply is handed back as it is.
 */
export function keptAlive(reply: Reply, everyMs: number, clock: Clock): Reply {
  return takesComments(reply) ? tap(reply, new KeepAlive(everyMs, clock)) : reply;
}

function takesComments({ headers, verdict, empty }: Reply): boolean {
  if (empty || verdict !== 'ok' || mediaType(headers) !== 'text/event-stream') return false;
  const encoding = headerValue(headers, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  return encoding === 'identity' && headerValue(headers, 'content-length') === undefined;
}

class KeepAlive implements Tap {
  readonly #everyMs: number;
  readonly #clock: Clock;
  /** The read from below; it goes on while comments are sent, and ends when the reply is given up. */
  #pending: Promise<Read> | undefined;
  #timer: Timer | undefined;
  /** The last characters that passed; none at the start, where a comment may stand as well. */
  #tail = '';

  constructor(everyMs: number, clock: Clock) {
    this.#everyMs = everyMs;
    this.#clock = clock;
  }

  read(next: () => Promise<Read>): Promise<Uint8Array | undefined> {
    this.#pending ??= next();
    const pending = this.#pending;
    return new Promise((resolve, reject) => {
      let commented = false;
      if (this.#isBetweenEvents()) {
        this.#timer = this.#clock.timer(this.#everyMs, () => {
          commented = true;
          resolve(comment);
        });
      }
      pending.then((read) => {
        if (!commented) resolve(this.#took(read));
      }, reject);
    });
  }

  #took(read: Read): Uint8Array | undefined {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pending = undefined;
    if (read.done) return undefined;
    this.#tail = (this.#tail + Buffer.from(read.value.subarray(-4)).toString('latin1')).slice(-4);
    return read.value;
  }

  /** Behind an empty line, whichever of the three line ends it has. */
  #isBetweenEvents(): boolean {
    return this.#tail === '' || /(?:\n\n|\r\r|\n\r\n)$/.test(this.#tail);
  }
}
