import type { Usage } from './usage.ts';
import type { Verdict } from './verdict.ts';

/** One answer among those that a tunnel carries. */
export interface TunnelAnswer {
  readonly verdict: Verdict;
  /** As the agent asked for it, else as the upstream names it. */
  readonly model?: string | undefined;
  readonly usage?: Usage;
  /** It came to its end, good or bad. */
  readonly complete: boolean;
}

/** Looks into a tunnel on a copy of its bytes, which have gone on already. */
export interface TunnelWatcher {
  /** Bytes of the agent. */
  sent(bytes: Uint8Array): void;
  /** Bytes of the upstream. */
  received(bytes: Uint8Array): void;
  /** The agent's side of the connection has ended. */
  left(): void;
  /** The tunnel has ended. */
  end(): void;
}
