/** What the silences in streams are sorted by: upper bounds in seconds. */
export const gapBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

const boundsMs = gapBounds.map((seconds) => seconds * 1000);

/** How long an upstream was silent between the pieces of one stream, as far as somebody waited for them; not there for one piece. */
export class StreamGaps {
  /** By bucket, not cumulated; one more than bounds. */
  readonly counts: number[] = boundsMs.map(() => 0).concat(0);
  /** The sum of all. */
  ms = 0;

  add(ms: number): void {
    let at = 0;
    // Nearly all are short.
    while (at < boundsMs.length && ms > (boundsMs[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.ms += ms;
  }
}
