import type { Clock } from '../core/clock.ts';
import type { RawHeaders } from '../core/headers.ts';
import { resetSpanMs } from './retry-after.ts';

/** What providers limit by the minute or the day. */
const rateLimitKinds = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;
type RateLimitKind = (typeof rateLimitKinds)[number];

/** How much of a limit is left. */
interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
}

interface Told extends RateLimit {
  /** When all of it is there again, on the wall clock; undefined where that was not told. */
  readonly resetAt: number | undefined;
}

/** `x-ratelimit-remaining-tokens` of OpenAI and those who follow it, `anthropic-ratelimit-tokens-remaining` of Anthropic. */
const field = /^(?:x-ratelimit-(limit|remaining|reset)-([a-z-]+)|anthropic-ratelimit-([a-z-]+)-(limit|remaining|reset))$/i;

/**
 * The rate limits of one upstream, as the latest of its replies tell. What a reply costs is to keep its fields: they are
 * read when somebody asks.
 */
export class RateLimits {
  readonly #clock: Clock;
  #headers: RawHeaders | undefined;
  #cameAt = 0;
  readonly #told = new Map<RateLimitKind, Told>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the fields of a reply that has just come. */
  saw(headers: RawHeaders): void {
    this.#headers = headers;
    this.#cameAt = this.#clock.wall();
  }

  /** What is left of each limit that was told; all of it once the time for that has come. */
  read(): ReadonlyMap<RateLimitKind, RateLimit> {
    if (this.#headers) for (const [kind, told] of limitsIn(this.#headers, this.#cameAt)) this.#told.set(kind, told);
    this.#headers = undefined;
    const now = this.#clock.wall();
    const left = ({ limit, remaining, resetAt = Number.POSITIVE_INFINITY }: Told) => (now >= resetAt ? limit : remaining);
    return new Map([...this.#told].map(([kind, told]) => [kind, { limit: told.limit, remaining: left(told) }]));
  }
}

function* limitsIn(headers: RawHeaders, cameAt: number): Generator<[RateLimitKind, Told]> {
  const texts = new Map<string, string>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const found = field.exec(headers[i] ?? '');
    if (!found) continue;
    const [, what, kind, otherKind, otherWhat] = found;
    const key = `${what ?? otherWhat} ${kind ?? otherKind}`.toLowerCase();
    texts.set(key, headers[i + 1]?.trim() ?? '');
  }
  for (const kind of rateLimitKinds) {
    const limit = countIn(texts.get(`limit ${kind}`));
    const remaining = countIn(texts.get(`remaining ${kind}`));
    if (limit === undefined || remaining === undefined) continue;
    yield [kind, { limit, remaining, resetAt: momentOf(texts.get(`reset ${kind}`), cameAt) }];
  }
}

function countIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A moment (RFC 3339), or how long it takes. */
function momentOf(text: string | undefined, cameAt: number): number | undefined {
  if (text === undefined) return undefined;
  const moment = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : cameAt + (resetSpanMs(text, cameAt) ?? Number.NaN);
  return Number.isNaN(moment) ? undefined : moment;
}
