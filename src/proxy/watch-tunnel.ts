import type { Exchange } from '../core/exchange.ts';
import type { RawHeaders } from '../core/headers.ts';
import type { TunnelAnswer, TunnelWatcher } from '../core/tunnel-watcher.ts';

/** What tells of the answers in a tunnel, where its wire format can look into it. */
export function watchTunnel(exchange: Exchange, headers: RawHeaders): TunnelWatcher | undefined {
  const { attempt, dialect, request, target } = exchange;
  const tell = (answer: TunnelAnswer) => exchange.note({ kind: 'tunnel-answered', attempt, upstream: target.upstream, ...answer });
  const watcher = dialect.watchTunnel?.(request, headers, tell);
  return watcher && new GuardedWatcher(watcher, (error) => exchange.note({ kind: 'bug', attempt, error }));
}

/** A bug in a watcher must not break the tunnel that it looks into: it is told once, and the rest is not looked at. */
class GuardedWatcher implements TunnelWatcher {
  readonly #onBug: (error: unknown) => void;
  #watcher: TunnelWatcher | undefined;

  constructor(watcher: TunnelWatcher, onBug: (error: unknown) => void) {
    this.#watcher = watcher;
    this.#onBug = onBug;
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
    this.#watcher = undefined;
  }

  #let(look: (watcher: TunnelWatcher) => void): void {
    try {
      if (this.#watcher) look(this.#watcher);
    } catch (error) {
      this.#watcher = undefined;
      this.#onBug(error);
    }
  }
}
