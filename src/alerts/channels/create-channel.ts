import type { Clock } from '../../core/clock.ts';
import type { Channel } from '../channel.ts';
import { emailChannel } from './email.ts';
import type { ChannelSettings } from './settings.ts';
import { slackChannel } from './slack.ts';
import { webhookChannel } from './webhook.ts';

/** The channel that the settings describe. Connects to nothing before its first message. */
export function createChannel({ slack, email, webhook }: ChannelSettings, clock: Clock): Channel {
  if (slack) return slackChannel(slack, clock);
  if (email) return emailChannel(email);
  if (webhook) return webhookChannel(webhook, clock);
  throw new Error('a channel without settings');
}
