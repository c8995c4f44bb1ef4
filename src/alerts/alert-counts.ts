export const alertResults = ['ok', 'error', 'suppressed', 'deduplicated'] as const;
export type AlertResult = (typeof alertResults)[number];

/** Messages by channel and by what came of them, since the start. */
export class AlertCounts {
  readonly #byChannel = new Map<string, Record<AlertResult, number>>();

  add(channel: string, result: AlertResult, count = 1): void {
    const counts = this.#byChannel.get(channel) ?? { ok: 0, error: 0, suppressed: 0, deduplicated: 0 };
    counts[result] += count;
    this.#byChannel.set(channel, counts);
  }

  /** Puts channels at 0 that the configuration names. */
  name(channels: Iterable<string>): void {
    for (const channel of channels) this.add(channel, 'ok', 0);
  }

  all(): ReadonlyMap<string, Readonly<Record<AlertResult, number>>> {
    return this.#byChannel;
  }
}
