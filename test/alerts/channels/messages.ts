import type { Message, Notice } from '../../../src/alerts/channel.ts';

/** An incident as a message shows it; a minute old. */
export function notice(changes: Partial<Notice> = {}): Notice {
  return {
    incident: 'inc_1',
    key: 'a'.repeat(64),
    on: 'circuit-open',
    status: 'firing',
    severity: 'high',
    priority: 64,
    title: 'Circuit open: openai',
    summary: 'the circuit of openai opened: 5 failures in a row',
    sinceMs: Date.UTC(2026, 10, 21, 12, 0),
    count: 5,
    facts: [
      { name: 'upstream', value: 'openai' },
      { name: 'ledger', value: 'openai/gpt-5;verdict=overloaded;ms=1203' },
    ],
    done: ['12 calls were answered by a fallback'],
    advice: 'Look at the status page of the provider.',
    links: {
      incident: 'https://sidecar.example/links/inc_1/show/0/1/s',
      acknowledge: 'https://sidecar.example/links/inc_1/acknowledge/0/1/s?a=1&b=2',
    },
    ...changes,
  };
}

/** A message about one incident. */
export function message(changes: Partial<Message> = {}): Message {
  return {
    id: 'msg_1',
    kind: 'firing',
    thread: 'group-1',
    atMs: Date.UTC(2026, 10, 21, 12, 1),
    level: 0,
    notices: [notice()],
    more: 0,
    ...changes,
  };
}

/** A message with a text from outside wherever one may stand. */
export function hostileMessage(text: string): Message {
  const links = { acknowledge: 'https://sidecar.example/links/inc_1/acknowledge/0/1/s' };
  const facts = [{ name: text, value: text }];
  return message({ thread: text, notices: [notice({ title: text, summary: text, by: text, facts, done: [text], advice: text, links })] });
}

/** What models, tools and agents may have written; `bait` is in each of them that is long or has a link. */
export const hostileTexts: Readonly<Record<string, string>> = {
  'mention of the channel': '<!channel> <!here> <!everyone> @channel @here @everyone',
  'mention of a user': 'ask <@U012AB3CD> or <!subteam^S123|oncall> or @anna',
  'link of Slack': '<https://bait.example/ack|Acknowledge>',
  'link of Markdown': '[Acknowledge](https://bait.example/ack)',
  'bare links': 'https://bait.example/ack HTTP://BAIT.example www.bait.example mailto:a@bait.example',
  'header by line breaks': 'x\r\nBcc: victim@bait.example\r\nSubject: forged\r\n\r\nbody of its own',
  'end of a mail': 'x\r\n.\r\nMAIL FROM:<a@bait.example>\r\n',
  'script of HTML': '</td></table><script>alert(1)</script><img src=x onerror=alert(1)>',
  'attribute of HTML': `" onclick="alert(1)" x='y' \`z\``,
  'link of HTML': '<a href="https://bait.example/ack">Acknowledge</a>',
  'entities of HTML': '&lt;script&gt; &amp;lt; &#60;b&#62; &nbsp;',
  'style and comment': '--></style><!-- <style>*{display:none}</style>',
  'turned direction': '\u202Egpj.exe\u202C \u2066a\u2069 \u200Fb \u061Cc',
  'unseen characters': 'a\u200Bb\u2060c\uFEFFd\u{E0041}e\u00ADf',
  controls: 'a\u0000b\u0007c\u001B[31mred\u0085d\u2028e\u007Ff',
  'half of a pair': 'x\uD800y\uDC00z',
  'words of templates': "#{7*7} {{7*7}} $& $1 $' %s %0d%0aBcc:a@bait.example",
  'encoded word': '=?utf-8?B?QmNjOiB2aWN0aW1AYmFpdC5leGFtcGxl?=',
  'a megabyte': `<!channel>${'<&>"@here https://bait.example '.repeat(32_000)}`,
  'a megabyte without a break': 'x'.repeat(1_000_000),
  'a megabyte of line breaks': '\r\n'.repeat(500_000),
  emoji: '👩‍👩‍👧 :fire: ünïcode 漢字',
  empty: '',
};
