import type { Severity } from '../../core/severity.ts';
import type { Message, MessageKind, Notice } from '../channel.ts';
import { plainLine, plainText, withoutLinks } from './plain-text.ts';

/** A link of our own. */
export interface LetterLink {
  readonly label: string;
  /** http or https; of characters that end no attribute and no markup. */
  readonly url: string;
}

export interface LetterSection {
  readonly title: string;
  readonly summary: string;
  readonly status: Notice['status'];
  readonly severity: Severity;
  /** Since when, how often, by whom. */
  readonly state: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly done: readonly string[];
  readonly advice: string;
  readonly links: readonly LetterLink[];
}

/** A message as people read it. Its texts are clean and capped, but not yet escaped for where they are shown. */
export interface Letter {
  /** One line. */
  readonly headline: string;
  readonly sections: readonly LetterSection[];
  /** What else there is to say; may be empty. */
  readonly closing: string;
}

const leads: Readonly<Record<Exclude<MessageKind, 'digest' | 'test'>, string>> = {
  firing: 'Firing',
  escalated: 'Nobody has acknowledged this',
  reminder: 'Still firing',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
};

/** What a message says, for people. */
export function letterOf(message: Message): Letter {
  return {
    headline: headlineOf(message),
    sections: message.notices.map((notice) => sectionOf(notice, message.atMs)),
    closing: closingOf(message),
  };
}

function headlineOf({ kind, notices, more }: Message): string {
  if (kind === 'test') return 'Test: alerts of Outrigger arrive here';
  const all = notices.length + more;
  if (kind === 'digest') return `${all} more ${all === 1 ? 'alert' : 'alerts'} that were not told one by one`;
  const [first] = notices;
  const title = all === 1 && first ? shown(first.title, 120) : `${all} incidents${first ? `, such as: ${shown(first.title, 80)}` : ''}`;
  return `${leads[kind]}: ${title}`;
}

function closingOf({ kind, more }: Message): string {
  if (kind === 'test') return 'Nothing is wrong: somebody tries this channel by outrigger alert test.';
  return more > 0 ? `${more} more ${more === 1 ? 'is' : 'are'} not listed here.` : '';
}

function sectionOf(notice: Notice, nowMs: number): LetterSection {
  const { status, severity, facts, done, links } = notice;
  return {
    title: shown(notice.title, 150),
    summary: withoutLinks(plainText(notice.summary, 1024)),
    status,
    severity,
    state: stateOf(notice, nowMs),
    facts: facts.slice(0, 12).map(({ name, value }) => ({ name: shown(name, 60), value: withoutLinks(plainText(value, 500)) })),
    done: done.slice(0, 20).map((sentence) => shown(sentence, 200)),
    advice: withoutLinks(plainText(notice.advice, 1000)),
    links: [
      ...linkOf('Acknowledge', links.acknowledge),
      ...linkOf('Resolve', links.resolve),
      ...linkOf('Let the agent go on', links.resume),
      ...linkOf('Details', links.incident),
    ],
  };
}

function stateOf({ status, severity, priority, sinceMs, untilMs, by, count }: Notice, nowMs: number): string {
  const lasted = span((untilMs ?? nowMs) - sinceMs);
  const who = by === undefined ? '' : ` by ${shown(by, 80)}`;
  const often = `${count} ${count === 1 ? 'event' : 'events'}, severity ${severity}, priority ${priority}`;
  if (status === 'resolved') return `Resolved${who} after ${lasted}; began ${moment(sinceMs)}; ${often}`;
  return `${status === 'acknowledged' ? `Acknowledged${who}; firing` : 'Firing'} since ${moment(sinceMs)} (${lasted}); ${often}`;
}

function linkOf(label: string, text: string | undefined): LetterLink[] {
  const url = text === undefined ? undefined : URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return [];
  return [{ label, url: url.href.replace(/[|<>"`\\\s]/g, encodeURIComponent) }];
}

function shown(text: string, limit: number): string {
  return withoutLinks(plainLine(text, limit));
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
