import type { Clock } from '../../core/clock.ts';
import { headerValue, mediaType } from '../../core/headers.ts';
import type { Ending, Read, Reply, Tap } from '../../core/outcome.ts';
import { BehindEvents, type HitPoint, InTheMiddle } from './hit-point.ts';
import { Pause } from './pause.ts';
import type { FaultAction } from './settings.ts';

export type BreakingAction = Extract<FaultAction, { after: number }>;

const openBrace = 0x7b;
const lessThan = 0x3c;

/** Passes a body up to a point, or to its end where that comes first, and breaks it there. */
export class BrokenBody implements Tap {
  readonly origin = 'chaos';
  readonly #action: BreakingAction;
  readonly #error: Uint8Array | undefined;
  readonly #point: HitPoint;
  readonly #pause: Pause;
  /** Passes; the point is reached; the fault has happened; nothing more comes. */
  #state: 'before' | 'due' | 'after' | 'over' = 'before';
  #rest: Uint8Array | undefined;
  /** The first brace behind the point is still to be spoilt. */
  #spoiling = false;
  #endedByFault = false;

  /** `error` is the event that tells an error, in the format of the stream. */
  constructor(reply: Reply, action: BreakingAction, clock: Clock, error: Uint8Array | undefined) {
    this.#action = action;
    this.#error = error;
    this.#point = hitPoint(reply, action);
    this.#pause = new Pause(clock);
  }

  async read(next: () => Promise<Read>): Promise<Uint8Array | undefined> {
    if (this.#state === 'before') {
      const passed = await this.#passBefore(next);
      if (passed) return passed;
    }
    if (this.#state === 'due') {
      const told = await this.#strike();
      if (told) return told;
    }
    if (this.#state === 'over') {
      this.#endedByFault = true;
      return undefined;
    }
    const rest = this.#rest;
    this.#rest = undefined;
    const value = rest ?? (await next()).value;
    return value && this.#spoilt(value);
  }

  end(ending: Ending): Ending {
    this.#pause.stop();
    if (!this.#endedByFault) return ending;
    return this.#action.kind === 'cut'
      ? { ...ending, verdict: 'network', complete: false, cause: new Error('an injected cut') }
      : { ...ending, verdict: 'ok', complete: true };
  }

  /** What stands before the point; undefined once that is reached. */
  async #passBefore(next: () => Promise<Read>): Promise<Uint8Array | undefined> {
    const { value } = await next();
    const at = value ? this.#point.find(value) : 0;
    if (at === undefined) return value;
    this.#state = 'due';
    if (value && at < value.byteLength) this.#rest = value.subarray(at);
    return at > 0 ? value?.subarray(0, at) : undefined;
  }

  /** Does what the fault is; returns what is to be passed on for it. */
  async #strike(): Promise<Uint8Array | undefined> {
    const { kind } = this.#action;
    if (kind === 'stall') await this.#pause.wait(this.#action.forMs);
    this.#spoiling = kind === 'malformed';
    this.#state = kind === 'stall' || kind === 'malformed' ? 'after' : 'over';
    return kind === 'in-band-error' ? this.#error : undefined;
  }

  /** A JSON text that does not begin as one; of the same length, as that was announced. */
  #spoilt(chunk: Uint8Array): Uint8Array {
    const at = this.#spoiling ? chunk.indexOf(openBrace) : -1;
    if (at < 0) return chunk;
    this.#spoiling = false;
    const copy = Uint8Array.from(chunk);
    copy[at] = lessThan;
    return copy;
  }
}

/** Whether a body is a stream of events, and can be read as one. */
export function framingOf({ headers }: Reply): 'events' | 'lines' | undefined {
  if (isEncoded(headers)) return undefined;
  const type = mediaType(headers);
  return type === 'text/event-stream' ? 'events' : type === 'application/x-ndjson' ? 'lines' : undefined;
}

/** Whether the bytes are those of a compressed body. */
export function isEncoded(headers: Reply['headers']): boolean {
  return !['', 'identity'].includes(headerValue(headers, 'content-encoding')?.trim().toLowerCase() ?? '');
}

function hitPoint(reply: Reply, { kind, after }: BreakingAction): HitPoint {
  const framing = framingOf(reply);
  if (framing) return new BehindEvents(after, framing === 'lines');
  // There may be no brace behind the middle.
  if (kind === 'malformed') return new BehindEvents(0, false);
  const length = Number(headerValue(reply.headers, 'content-length') ?? Number.NaN);
  return new InTheMiddle(Number.isNaN(length) ? undefined : length);
}
