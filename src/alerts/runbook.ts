import { readFile } from 'node:fs/promises';
import type { RuleEvent } from './rule-events.ts';

/** What people should do, by what a rule is on. */
export class Runbook {
  readonly #sections: ReadonlyMap<string, string>;

  constructor(markdown: string) {
    const [, ...sections] = markdown.split(/^#+ /m);
    this.#sections = new Map(
      sections.map((section) => {
        const [name = '', ...lines] = section.split('\n');
        return [name.trim(), lines.join('\n').trim()];
      }),
    );
  }

  /** The whole section, in Markdown. */
  section(on: RuleEvent): string {
    return this.#sections.get(on) ?? '';
  }

  /** Its first paragraph. */
  advice(on: RuleEvent): string {
    return this.section(on).split('\n\n', 1)[0]?.replaceAll('\n', ' ') ?? '';
  }
}

/** The runbook of the package; an empty one where it was left out. */
export async function readRunbook(): Promise<Runbook> {
  try {
    return new Runbook(await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8'));
  } catch {
    return new Runbook('');
  }
}
