import type { Clock } from '../core/clock.ts';
import type { Watcher } from '../core/dialect.ts';
import type { AttemptLimits } from '../core/exchange.ts';
import type { Ending, Tap, TimeoutPhase } from '../core/outcome.ts';
import { StreamGaps } from '../core/stream-gaps.ts';
import type { Verdict } from '../core/verdict.ts';
import { SilenceTimer } from './silence-timer.ts';

/** Whoever has a body followed. */
export interface Follower {
  /** Called once, when a limit has run out. */
  silent(phase: TimeoutPhase, afterMs: number): void;
  /** Sees how it ended; returns how it is said to have ended. */
  ended(ending: Ending): Ending | Promise<Ending>;
}

/**
 * Shows a body to its watcher on its way and times its silences: `firstByteMs` up to the first meaningful chunk, `idleMs`
 * between those. To be given to `tap`.
 */
export class FollowedBody implements Tap {
  readonly watcher: Watcher;
  readonly verdict: Verdict;
  readonly #follower: Follower;
  readonly #limits: AttemptLimits;
  readonly #silence: SilenceTimer;
  #judged: Verdict | 'more';
  #committed = false;
  /** A push that is still decoding. There is one at most: the next chunk waits for it. */
  #pushing: Promise<void> | undefined;
  #gaps: StreamGaps | undefined;

  /** `verdict` is what the reply is handed up with. */
  constructor(watcher: Watcher, verdict: Verdict, limits: AttemptLimits, clock: Clock, follower: Follower) {
    this.watcher = watcher;
    this.verdict = verdict;
    this.#follower = follower;
    this.#limits = limits;
    this.#judged = watcher.head;
    this.#silence = new SilenceTimer(clock, limits.firstByteMs, (afterMs) => {
      follower.silent(this.#committed || watcher.meaningful > 0 ? 'idle' : limits.firstBytePhase, afterMs);
    });
  }

  /** The judgement of what was seen so far. */
  get judged(): Verdict | 'more' {
    return this.#judged;
  }

  /** The silences between meaningful chunks; undefined where there was one chunk at most. */
  get gaps(): StreamGaps | undefined {
    return this.#gaps;
  }

  /** Resolves when every chunk so far has been decoded and seen. */
  get seen(): Promise<void> | undefined {
    return this.#pushing;
  }

  /** The reply is handed up: from now on only `idleMs` rules, at least `firstByteMs` long up to the first content. */
  commit(): void {
    const { idleMs, firstByteMs } = this.#limits;
    this.#committed = true;
    if (this.watcher.meaningful > 0) return;
    this.#silence.heard(idleMs === undefined ? undefined : Math.max(idleMs, firstByteMs ?? 0));
  }

  end(ending: Ending): Ending | Promise<Ending> {
    this.#silence.stop();
    return this.#follower.ended(ending);
  }

  waiting(): void {
    this.#silence.waiting();
  }

  served(): void {
    this.#silence.served();
  }

  chunk(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.#pushing ? this.#pushing.then(() => this.#push(bytes)) : this.#push(bytes);
  }

  /** Decoding does not hold the bytes up: they pass at once. */
  #push(bytes: Uint8Array): Uint8Array {
    const before = this.watcher.meaningful;
    const judged = this.watcher.push(bytes);
    if (typeof judged === 'string') this.#saw(judged, before);
    else {
      this.#pushing = judged.then((verdict) => {
        this.#pushing = undefined;
        this.#saw(verdict, before);
      });
      // What it throws reaches whoever waits for it next.
      this.#pushing.catch(() => undefined);
    }
    return bytes;
  }

  #saw(judged: Verdict | 'more', meaningfulBefore: number): void {
    this.#judged = judged;
    if (this.watcher.meaningful === meaningfulBefore) return;
    const silentMs = this.#silence.heard(this.#limits.idleMs);
    // What was waited for before the first is no gap.
    if (meaningfulBefore === 0) return;
    this.#gaps ??= new StreamGaps();
    this.#gaps.add(silentMs);
  }
}
