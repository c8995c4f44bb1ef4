import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { loopKinds } from '../../src/core/event.ts';
import { loopDetectionSettings } from '../../src/settings/loop-detection.ts';
import { valid, warningLines } from '../config/load-text.ts';

const page = readFileSync(new URL('../../docs/loops.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block!);

it('has examples to be checked', () => {
  expect(examples).toHaveLength(2);
});

test.each(examples)('a configuration on the page of loops is valid, and nothing in it is in vain: %#', (example) => {
  expect(warningLines(valid(example))).toEqual([]);
});

test('the page of loops has every kind, with the thresholds that it has by default', () => {
  const rows = new Map(
    [...page.matchAll(/^\| `([\w-]+)` \| [^|]+\| ([^|]+) \| ([^|]+) \|$/gm)].map(([, kind, warn, act]) => [kind!, [warn!, act!]]),
  );
  expect([...rows.keys()]).toEqual([...loopKinds]);
  for (const [kind, thresholds] of Object.entries(loopDetectionSettings.parse({}).kinds)) {
    if (kind === 'poll') continue;
    const [warn = '', act = ''] = rows.get(kind) ?? [];
    expect([kind, Number.parseInt(warn, 10)]).toEqual([kind, thresholds.warn]);
    expect([kind, act.startsWith('never') ? undefined : Number.parseInt(act, 10)]).toEqual([
      kind,
      'act' in thresholds ? thresholds.act : undefined,
    ]);
  }
});
