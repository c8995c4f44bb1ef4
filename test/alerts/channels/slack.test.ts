import { expect, test } from 'vitest';
import { slackPayload } from '../../../src/alerts/channels/slack-blocks.ts';
import { message, notice } from './messages.ts';

/** The texts of a payload, in their order. */
function textsOf(payload: ReturnType<typeof slackPayload>): string[] {
  return payload.blocks.flatMap((block) => {
    if ('fields' in block) return block.fields.map(({ text }) => text);
    return 'text' in block ? [block.text.text] : [];
  });
}

test('an incident is told whole: what, since when, evidence, what was done, what to do, and links of ours', () => {
  const payload = slackPayload(message());
  expect(textsOf(payload)).toEqual([
    '🟠 Firing: Circuit open: openai',
    'the circuit of openai opened: 5 failures in a row\nFiring since 2026-11-21 12:00 UTC (1 min); 5 events, severity high, priority 64',
    'upstream\nopenai',
    'ledger\nopenai/gpt-5;verdict=overloaded;ms=1203',
    'Done so far: 12 calls were answered by a fallback',
    'What to do: Look at the status page of the provider.',
    '<https://sidecar.example/links/inc_1/acknowledge/0/1/s?a=1&amp;b=2|Acknowledge>  ·  <https://sidecar.example/links/inc_1/show/0/1/s|Details>',
  ]);
  expect(payload).toMatchObject({ text: '🟠 Firing: Circuit open: openai', mrkdwn: false, unfurl_links: false, unfurl_media: false });
});

test('what is over follows as a message of its own', () => {
  const over = notice({ status: 'resolved', untilMs: Date.UTC(2026, 10, 21, 12, 42), by: 'anna', links: {} });
  const [headline, state] = textsOf(slackPayload(message({ kind: 'resolved', notices: [over] })));
  expect(headline).toBe('✅ Resolved: Circuit open: openai');
  expect(state).toContain('Resolved by anna after 42 min');
});

test('of many incidents each has its title and its links, within the limits of Slack', () => {
  const notices = Array.from({ length: 20 }, (_, index) => notice({ title: `incident number ${index}` }));
  const payload = slackPayload(message({ notices, more: 1 }));
  expect(payload.blocks.length).toBeLessThanOrEqual(50);
  const texts = textsOf(payload);
  for (const { title } of notices) expect(texts.some((text) => text.startsWith(`${title}\n`))).toBe(true);
  expect(texts.filter((text) => text.includes('|Acknowledge>'))).toHaveLength(20);
  expect(texts.at(-1)).toBe('1 more is not listed here.');
});

test('no escape is cut in two', () => {
  for (let length = 0; length < 12; length++) {
    const title = 'x'.repeat(length) + '&'.repeat(140);
    const { blocks } = slackPayload(message({ notices: [notice({ title })] }));
    const [header] = blocks;
    const text = header && 'text' in header ? header.text.text : '';
    expect(text.length).toBeLessThanOrEqual(150);
    expect(text).toMatch(/^🟠 Firing: x*(&amp;)+…$/);
  }
});
