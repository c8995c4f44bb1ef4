import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialectNames } from '../../src/core/dialect.ts';
import { tokenKinds, tokensIn, type Usage } from '../../src/core/usage.ts';
import { dialectFor } from '../../src/llm/dialects.ts';
import { chatFormat, type Format, geminiFormat, messagesFormat, ollamaFormat, responsesFormat } from './formats.ts';

const count = fc.nat({ max: 1_000_000 });
const anyUsage = fc.record({ input: count, output: count, cacheRead: count, cacheWrite: count, reasoning: count });

/** Only kinds that the format reports. */
function reportable({ kinds }: Format, usage: Usage): Usage {
  return Object.fromEntries(tokenKinds.map((kind) => [kind, kinds.includes(kind) ? usage[kind] : 0])) as unknown as Usage;
}

async function judge(format: Format, type: string, body: string): Promise<Usage | undefined> {
  const request = {
    method: 'POST',
    path: format.path(type !== 'application/json'),
    headers: [],
    body: { bytes: Buffer.from('{"a":"b"}') },
  };
  const dialect = dialectFor(dialectNames.find((name) => name === format.upstream) ?? 'http', request);
  const watcher = dialect.watch(request, 200, ['content-type', type]);
  await watcher.push(Buffer.from(body));
  const { usage, estimated } = await watcher.end(true);
  expect(estimated).toBeUndefined();
  return usage;
}

describe.each([chatFormat, responsesFormat, messagesFormat, geminiFormat, ollamaFormat])('the tokens of $name', (format) => {
  test('are of one kind each, whatever their provider counts twice', () =>
    fc.assert(
      fc.asyncProperty(anyUsage, async (any) => {
        const usage = reportable(format, any);
        const counted = await judge(format, 'application/json', JSON.stringify(format.answer('hello', usage)));
        expect(counted).toEqual(usage);
        expect(tokensIn(counted!)).toBe(format.kinds.reduce((sum, kind) => sum + usage[kind], 0));
        expect(await judge(format, format.streamType, format.events(['hello', ' you'], usage).join(''))).toEqual(usage);
      }),
    ));
});
