import { isoTime } from '../../core/iso-time.ts';
import type { Message, Notice } from '../channel.ts';
import { plainLine, plainText } from './plain-text.ts';

const eventActions = { firing: 'trigger', acknowledged: 'acknowledge', resolved: 'resolve' } as const;

/** What is posted to a webhook: type, timestamp and data, as Standard Webhooks advise. Texts are data, clean and capped. */
export function webhookBody({ id, kind, thread, atMs, level, notices, more }: Message): string {
  const data = { id, kind, thread: plainLine(thread, 200), level, incidents: notices.map(incidentOf), more };
  return JSON.stringify({ type: `alert.${kind}`, timestamp: isoTime(atMs), data });
}

function incidentOf(notice: Notice) {
  const { incident, key, on, status, severity, priority, sinceMs, untilMs, by, count, links } = notice;
  return {
    id: incident,
    eventAction: eventActions[status],
    dedupKey: key,
    on,
    status,
    severity,
    priority,
    title: plainLine(notice.title, 150),
    summary: plainText(notice.summary, 1024),
    since: isoTime(sinceMs),
    until: untilMs === undefined ? null : isoTime(untilMs),
    by: by === undefined ? null : plainLine(by, 80),
    count,
    facts: notice.facts.slice(0, 12).map(({ name, value }) => ({ name: plainLine(name, 60), value: plainText(value, 500) })),
    done: notice.done.slice(0, 20).map((sentence) => plainLine(sentence, 200)),
    advice: plainText(notice.advice, 1000),
    links,
  };
}
