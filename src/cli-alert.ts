import type { Delivery } from './alerts/channel.ts';
import type { Config } from './config/config.ts';
import { didYouMean } from './config/suggest.ts';
import { systemClock } from './core/clock.ts';

/** What came of a try: for people, and the exit code. */
export interface Tried {
  readonly text: string;
  readonly code: 0 | 1;
}

const presetTimeoutMs = 5000;

/** `outrigger alert test CHANNEL`: sends a message by the channel's own settings; tells what the other side said. Never rejects. */
export async function tryChannel(name: string, { alerts }: Pick<Config, 'alerts'>): Promise<Tried> {
  const channels = alerts?.channels ?? {};
  const settings = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (!settings)
    return { text: `outrigger: there is no channel ${JSON.stringify(name)}${othersThan(name, Object.keys(channels))}\n`, code: 1 };
  const [{ createChannel }, { testMessage }] = await Promise.all([
    import('./alerts/channels/create-channel.ts'),
    import('./alerts/messages.ts'),
  ]);
  const channel = createChannel(settings, systemClock);
  try {
    const signal = AbortSignal.timeout((channel.timeoutMs ?? presetTimeoutMs) + 1000);
    return told(name, await channel.send(testMessage(systemClock.wall()), signal));
  } finally {
    await channel.close?.();
  }
}

function told(name: string, delivery: Delivery): Tried {
  if (delivery.result === 'delivered') return { text: `${name}: delivered; the other side ${delivery.said}\n`, code: 0 };
  if (delivery.result === 'refused') return { text: `${name}: refused: ${delivery.reason}\n`, code: 1 };
  const wait = delivery.retryAfterMs === undefined ? '' : `; it asks to wait ${Math.ceil(delivery.retryAfterMs / 1000)} s`;
  return { text: `${name}: not delivered, but it may work later: ${delivery.reason}${wait}\n`, code: 1 };
}

function othersThan(name: string, known: readonly string[]): string {
  if (known.length === 0) return ': alerts.channels has none';
  return didYouMean(name, known) || `; there are ${known.join(', ')}`;
}
