import type { Clock } from '../../core/clock.ts';
import type { Channel, Delivery } from '../channel.ts';
import { Post } from './post.ts';
import type { SlackSettings } from './settings.ts';
import { slackPayload } from './slack-blocks.ts';

/** Posts to an incoming webhook of Slack. It cannot change what it has sent: that an incident is over is a message of its own. */
export function slackChannel({ url, allowPrivate, timeout }: SlackSettings, clock: Clock): Channel {
  const post = new Post({ url, allowPrivate, timeoutMs: timeout, clock });
  return {
    timeoutMs: timeout,
    send: (message, signal): Promise<Delivery> => post.send({}, JSON.stringify(slackPayload(message)), signal),
    close: () => post.close(),
  };
}
