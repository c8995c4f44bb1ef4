import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { chat, type Json, message, translation, type Way } from '../llm/translate/kit.ts';

const page = readFileSync(new URL('../../docs/translation.md', import.meta.url), 'utf8');

describe('the page of translations', () => {
  it('has an example of which check tells what cannot be carried over, and nothing else', () => {
    const [, example] = /^```yaml warns\n(.*?)^```$/ms.exec(page)!;
    const { warnings } = loadConfigText(example!);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('a call skips it that has what cannot be carried over'),
    ]);
  });

  const members: [Way, Json][] = [
    ['to messages', chat],
    ['to chat', message],
  ];
  it.each(members)('%s: names only fields that do skip a target', (way, asked) => {
    const [, list] = (way === 'to messages' ? /^- from chat completions: (.*?);$/ms : /^- from messages: (.*?);$/ms).exec(page)!;
    const named = [...list!.matchAll(/`(\w+)`/g)].map(([, name]) => name!).filter((name) => name !== 'citations');
    expect(named.length).toBeGreaterThan(7);
    for (const name of named) expect(translation(way, { ...asked, [name]: { other: 2 } }), name).toContain(name);
  });
});
