import type { Clock } from '../core/clock.ts';
import type { Channel, Delivery } from './channel.ts';
import { testMessage } from './messages.ts';

const sendTimeoutMs = 5000;

/** Sends a message that only tells that the channel works, and says what came of it. Never rejects. */
export async function testChannel(channel: Channel, clock: Clock): Promise<Delivery> {
  const abort = new AbortController();
  const timer = clock.timer(channel.timeoutMs ?? sendTimeoutMs, () => abort.abort());
  try {
    return await channel.send(testMessage(clock.wall()), abort.signal);
  } catch (error) {
    return { result: 'later', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    timer.cancel();
  }
}
