import type { Channel, Message } from './alerts/channel.ts';
import { redactValue } from './telemetry/redact.ts';

/** The channel, given nothing that looks like a credential: names of agents and tools, and words of errors, are of others' making. */
export function withoutSecrets(channel: Channel): Channel {
  return {
    ...(channel.timeoutMs !== undefined && { timeoutMs: channel.timeoutMs }),
    send: (message, signal) => channel.send(cleaned(message), signal),
    close: () => channel.close?.(),
  };
}

/** Links stay: they are ours, and their signatures look like what they are. */
function cleaned(message: Message): Message {
  return { ...message, notices: message.notices.map((notice) => ({ ...redacted(notice), links: notice.links })) };
}

/** As `redactValue`, which changes texts alone and leaves the shape as it is. */
export function redacted<T extends object>(value: T): T {
  return redactValue(value) as T;
}
