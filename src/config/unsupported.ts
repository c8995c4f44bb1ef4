import type { Path } from './problem.ts';

/** Keys that belong to the configuration language and that this version does not read, by the section they stand in. */
const sections: readonly (readonly [section: string, keys: readonly string[]])[] = [
  ['', ['alerts']],
  ['admin', ['publicUrl']],
];

/** Whether a key that the schema does not know is one of the language all the same. */
export function isUnsupportedKey(path: Path): boolean {
  const key = String(path.at(-1));
  return sections.some(([section, keys]) => keys.includes(key) && matches(section, path.slice(0, -1)));
}

function matches(pattern: string, path: Path): boolean {
  const steps = pattern === '' ? [] : pattern.split('.');
  return steps.length === path.length && steps.every((step, index) => step === '*' || step === path[index]);
}
