import type { Clock, Timer } from '../core/clock.ts';
import type { Event, SocketClose } from '../core/event.ts';
import type { TunnelWatcher } from '../core/tunnel-watcher.ts';
import { MessageCount } from './message-count.ts';

type Passed = Extract<Event, { kind: 'tunnel-passed' }>;

/** A tunnel tells what has passed so long after the first message that it has not told. */
const tellMs = 1000;

/** Counts the messages that pass through a WebSocket, and tells of them while it is open and at its end. */
export class TunnelMessages implements TunnelWatcher {
  readonly #clock: Clock;
  readonly #tell: (passed: Pick<Passed, 'sent' | 'received' | 'closed'>) => void;
  readonly #fromAgent = new MessageCount();
  readonly #fromUpstream = new MessageCount();
  /** By who was the first to close. */
  #closed: SocketClose | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, tell: (passed: Pick<Passed, 'sent' | 'received' | 'closed'>) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  sent(bytes: Uint8Array): void {
    this.#fromAgent.push(bytes);
    this.#closed ??= this.#fromAgent.closed;
    this.#tellSoon();
  }

  received(bytes: Uint8Array): void {
    this.#fromUpstream.push(bytes);
    this.#closed ??= this.#fromUpstream.closed;
    this.#tellSoon();
  }

  left(): void {}

  end(): void {
    this.#timer?.cancel();
    this.#tell({ ...this.#take(), closed: this.#closed ?? 'none' });
  }

  #tellSoon(): void {
    if (this.#timer || this.#fromAgent.messages + this.#fromUpstream.messages === 0) return;
    this.#timer = this.#clock.timer(tellMs, () => {
      this.#timer = undefined;
      this.#tell(this.#take());
    });
  }

  #take(): { sent: number; received: number } {
    const { messages: sent } = this.#fromAgent;
    const { messages: received } = this.#fromUpstream;
    this.#fromAgent.messages = 0;
    this.#fromUpstream.messages = 0;
    return { sent, received };
  }
}
