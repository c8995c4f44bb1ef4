/** The ways in which a simulated server fails. */
export const faultKinds = [
  /** 429 that asks for a second. */
  'rate-limited',
  /** 429 that asks for two minutes. */
  'long-wait',
  /** 429 for want of money. */
  'quota',
  /** 503, or the status that the provider has for it. */
  'overloaded',
  'server-error',
  /** An answer that takes its time to begin. */
  'slow',
  /** A stream that stops half-way and stays open. */
  'stall',
  /** An answer that breaks off half-way. */
  'cut',
  /** A stream that begins well and goes on with an error. */
  'in-band-error',
  /** A good answer with nothing in it. */
  'empty',
  /** The connection breaks in place of an answer. */
  'reset',
  /** The same, of connections that have served before: their server has just closed them. */
  'stale-connection',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** What a server fails with for some seconds, again and again. Milliseconds since its start. */
export interface Outage {
  readonly kind: FaultKind;
  readonly afterMs: number;
  readonly everyMs: number;
  readonly forMs: number;
}

/** How a server fails: by shares of the requests, fractions of 1 that add up to 1 at most, and in outages. */
export interface Weather {
  readonly shares?: Readonly<Partial<Record<FaultKind, number>>>;
  readonly outage?: Outage;
}

/** The fault of one request that came so long after the start, if it has one. Draws one number, whatever the weather. */
export function drawFault({ shares = {}, outage }: Weather, sinceStartMs: number, random: () => number): FaultKind | undefined {
  let left = random();
  if (outage && isOut(outage, sinceStartMs)) return outage.kind;
  for (const kind of faultKinds) {
    left -= shares[kind] ?? 0;
    if (left < 0) return kind;
  }
  return undefined;
}

function isOut({ afterMs, everyMs, forMs }: Outage, sinceStartMs: number): boolean {
  return sinceStartMs >= afterMs && (sinceStartMs - afterMs) % everyMs < forMs;
}
