import type { Letter, LetterSection } from './letter.ts';

/** The part of a mail that is plain text. */
export function mailText({ headline, sections, closing }: Letter, sender: string): string {
  const parts = [headline, ...sections.map(sectionText), closing, `-- \n${sender}`];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function sectionText({ title, summary, state, facts, done, advice, links }: LetterSection): string {
  const paragraphs = [
    `${title}\n${'-'.repeat(Math.min(title.length, 70))}`,
    summary,
    state,
    facts.map(({ name, value }) => `${name}: ${indented(value)}`).join('\n'),
    done.length === 0 ? '' : `Done so far:\n${done.map((sentence) => `- ${sentence}`).join('\n')}`,
    advice === '' ? '' : `What to do:\n${advice}`,
    links.map(({ label, url }) => `${label}: ${url}`).join('\n'),
  ];
  return paragraphs.filter(Boolean).join('\n\n');
}

/** A value of several lines must not look like further facts or links of ours. */
function indented(value: string): string {
  return value.replaceAll('\n', '\n    ');
}
