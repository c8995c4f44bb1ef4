import type { Severity } from '../../core/severity.ts';
import type { Message } from '../channel.ts';
import { type Letter, type LetterLink, type LetterSection, letterOf } from './letter.ts';

interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji: false;
}

interface Markup {
  readonly type: 'mrkdwn';
  readonly text: string;
}

type Block =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text: PlainText | Markup }
  | { readonly type: 'section'; readonly fields: readonly PlainText[] }
  | { readonly type: 'divider' };

/** What is posted to an incoming webhook of Slack (Block Kit). */
export interface SlackPayload {
  /** Shown in notifications, in place of the blocks. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly mrkdwn: false;
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** Slack refuses a message with more. */
const blocksLimit = 50;
const textLimit = 3000;
const headerLimit = 150;
const fieldLimit = 2000;
const fieldsLimit = 10;
/** More incidents than these are told by their titles and summaries alone. */
const inFull = 3;

/**
 * A message as Slack shows it. Whatever comes from outside is plain text in which `& < >` are escaped and no `@` stands before
 * a name; the only markup is links of our own.
 */
export function slackPayload(message: Message): SlackPayload {
  const letter = letterOf(message);
  const headline = `${iconOf(message, letter)} ${letter.headline}`;
  const full = letter.sections.length <= inFull;
  const blocks: Block[] = [
    { type: 'header', text: plain(headline, headerLimit) },
    ...letter.sections.flatMap((section) => (full ? wholeOf(section, letter) : shortOf(section))),
    ...sentence(letter.closing),
  ];
  return {
    text: slackText(headline, textLimit),
    blocks: blocks.slice(0, blocksLimit),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

function wholeOf(section: LetterSection, { sections }: Letter): Block[] {
  const { title, summary, state, facts, done, advice, links } = section;
  const fields = facts.map(({ name, value }) => plain(`${name}\n${value}`, fieldLimit));
  return [
    ...(sections.length > 1 ? [{ type: 'divider' } as const] : []),
    ...sentence([sections.length > 1 ? title : '', summary, state].filter(Boolean).join('\n')),
    ...[fields.slice(0, fieldsLimit), fields.slice(fieldsLimit)].filter(hasAny).map((some) => ({ type: 'section', fields: some }) as const),
    ...sentence(done.length === 0 ? '' : `Done so far: ${done.join('; ')}`),
    ...sentence(advice === '' ? '' : `What to do: ${advice}`),
    ...linksOf(links),
  ];
}

function shortOf({ title, summary, links }: LetterSection): Block[] {
  return [...sentence(`${title}\n${summary}`), ...linksOf(links)];
}

function sentence(text: string): Block[] {
  return text === '' ? [] : [{ type: 'section', text: plain(text, textLimit) }];
}

function linksOf(links: readonly LetterLink[]): Block[] {
  if (links.length === 0) return [];
  const text = links.map(({ label, url }) => `<${url.replaceAll('&', '&amp;')}|${label}>`).join('  ·  ');
  // A link that is cut leads nowhere.
  return text.length > textLimit ? [] : [{ type: 'section', text: { type: 'mrkdwn', text } }];
}

function plain(text: string, limit: number): PlainText {
  return { type: 'plain_text', text: slackText(text, limit), emoji: false };
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const wordJoiner = '\u2060';

/** Text that Slack shows as it is. `limit` counts what is sent, escapes and all, and cuts none of them. */
function slackText(text: string, limit: number): string {
  let escaped = '';
  for (const character of text.replace(/@(?=[\p{L}\p{N}_])/gu, `@${wordJoiner}`)) {
    const next = entities[character] ?? character;
    if (escaped.length + next.length > limit - 1) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}

const icons: Readonly<Record<Severity, string>> = { low: '🔵', medium: '🟡', high: '🟠', critical: '🔴' };

function iconOf({ kind }: Message, { sections }: Letter): string {
  if (kind === 'resolved') return '✅';
  if (kind === 'acknowledged') return '👀';
  const [first] = sections;
  return first ? icons[first.severity] : 'ℹ️';
}

function hasAny(list: readonly unknown[]): boolean {
  return list.length > 0;
}
