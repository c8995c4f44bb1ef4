import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { faultKinds } from '../../src/core/event.ts';
import { policySet } from '../../src/policies/index.ts';

const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');

it('the page of policies explains every kind of fault, and no other', () => {
  const section = page.slice(page.indexOf('## Chaos'));
  const kinds = [...section.matchAll(/^\| `([\w-]+)` /gm)].map(([, kind]) => kind);
  expect(new Set(kinds)).toEqual(new Set(faultKinds));
});

it('the page of policies has an example of every policy that there is', () => {
  const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block).join('');
  const shown = Object.keys(policySet.shape).filter((name) => new RegExp(`^    ${name}:`, 'm').test(examples));
  expect(shown).toEqual(Object.keys(policySet.shape));
});
