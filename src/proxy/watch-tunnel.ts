import type { Clock } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import type { RawHeaders } from '../core/headers.ts';
import type { TunnelAnswer, TunnelWatcher } from '../core/tunnel-watcher.ts';
import { TunnelMessages } from './tunnel-messages.ts';

/** What tells of the messages in a WebSocket, and of the answers in it where its wire format can look into them. */
export function watchTunnel(exchange: Exchange, headers: RawHeaders, clock: Clock): TunnelWatcher | undefined {
  const { attempt, dialect, request, target } = exchange;
  if (request.upgrade?.toLowerCase() !== 'websocket') return undefined;
  const { upstream } = target;
  const tell = (answer: TunnelAnswer) => exchange.note({ kind: 'tunnel-answered', attempt, upstream, ...answer });
  const messages = new TunnelMessages(clock, (passed) => exchange.note({ kind: 'tunnel-passed', attempt, upstream, ...passed }));
  const answers = dialect.watchTunnel?.(request, headers, tell);
  const onBug = (error: unknown) => exchange.note({ kind: 'bug', attempt, error });
  return new GuardedWatchers(answers ? [messages, answers] : [messages], onBug);
}

/** A bug in a watcher must not break the tunnel that it looks into: it is told once, and that one sees no more of it. */
class GuardedWatchers implements TunnelWatcher {
  readonly #onBug: (error: unknown) => void;
  #watchers: readonly TunnelWatcher[];

  constructor(watchers: readonly TunnelWatcher[], onBug: (error: unknown) => void) {
    this.#onBug = onBug;
    this.#watchers = watchers;
  }

  sent(bytes: Uint8Array): void {
    this.#let((watcher) => watcher.sent(bytes));
  }

  received(bytes: Uint8Array): void {
    this.#let((watcher) => watcher.received(bytes));
  }

  left(): void {
    this.#let((watcher) => watcher.left());
  }

  end(): void {
    this.#let((watcher) => watcher.end());
    this.#watchers = [];
  }

  #let(look: (watcher: TunnelWatcher) => void): void {
    for (const watcher of this.#watchers) {
      try {
        look(watcher);
      } catch (error) {
        this.#watchers = this.#watchers.filter((other) => other !== watcher);
        this.#onBug(error);
      }
    }
  }
}
